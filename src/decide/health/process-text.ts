/** supervisord's words for how programs are, for people. */
import type { ProcessStatus } from '../../contract/health/process.ts';

/** supervisord keeps -1 for every signal (4.2.5, options.py, decode_wait_status). */
export const describeExit = (exitStatus: number): string =>
  exitStatus === -1 ? 'was ended by a signal' : `exited with ${exitStatus}`;

/** Its name, with its group where that is another. */
export const formatProcessName = ({ name, group }: Pick<ProcessStatus, 'name' | 'group'>): string =>
  group === name ? name : `${group}:${name}`;

/** An exit code that the configuration does not list leaves this mark (4.2.5, process.py, finish). */
export const isExpectedExit = ({ spawnerr }: Pick<ProcessStatus, 'spawnerr'>): boolean => spawnerr === '';

/** One that does not run. */
export function describeDown(process: ProcessStatus): string {
  const { statename, exitstatus, spawnerr } = process;
  const title = formatProcessName(process);
  if (statename === 'EXITED') return `${title} ${describeExit(exitstatus)}`;
  return `${title} is ${statename}${spawnerr === '' ? '' : ` (${spawnerr})`}`;
}
