import { readFileSync } from 'node:fs';

/**
 * Returns a text that identifies this start of the container: the kernel's boot id, and the start time of process 1
 * (field 22 of proc(5) stat, in ticks since boot). Empty if that can't be read.
 */
export function readContainerStart(bootId: string): string {
  try {
    const stat = readFileSync('/proc/1/stat', 'utf8');
    // The second field is the command in parentheses, and may hold blanks and parentheses itself.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${bootId}/${ticks ?? ''}`;
  } catch {
    return '';
  }
}
