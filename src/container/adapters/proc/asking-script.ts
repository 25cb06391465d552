import { readRegularFile } from '../regular-file.ts';

/** What a script calls the gate by; its drop-in's name begins with it. */
export const GATE = 'container_startup';
/** A start script is some lines; what is longer is none. */
const MAX_SCRIPT_BYTES = 256 * 1024;

/** Whether this file is a script that names the gate. What can't be read does not. */
export function isAskingScript(path: string): boolean {
  try {
    const { content } = readRegularFile(path, MAX_SCRIPT_BYTES);
    return content.toString('latin1', 0, 2) === '#!' && content.includes(GATE);
  } catch {
    return false;
  }
}
