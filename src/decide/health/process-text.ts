/** Texts about the states of supervisord's programs, for people. */
import type { ProcessStatus } from '../../contract/health/process.ts';

/** supervisord reports every signal as -1 (4.2.5, options.py, decode_wait_status). */
export const describeExit = (exitStatus: number): string =>
  exitStatus === -1 ? 'was ended by a signal' : `exited with ${exitStatus}`;

/** Returns the name, with the group where that differs. */
export const formatProcessName = ({ name, group }: Pick<ProcessStatus, 'name' | 'group'>): string =>
  group === name ? name : `${group}:${name}`;

/** supervisord sets `spawnerr` for an exit code that the program's `exitcodes` do not list (4.2.5, process.py, finish). */
export const isExpectedExit = ({ spawnerr }: Pick<ProcessStatus, 'spawnerr'>): boolean => spawnerr === '';

/** Describes a process that does not run. */
export function describeDown(process: ProcessStatus): string {
  const { statename, exitstatus, spawnerr } = process;
  const title = formatProcessName(process);
  if (statename === 'EXITED') return `${title} ${describeExit(exitstatus)}`;
  return `${title} is ${statename}${spawnerr === '' ? '' : ` (${spawnerr})`}`;
}
