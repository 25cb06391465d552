import type { ProcessState, ProcessStatus } from '../../src/contract/health/process.ts';

/** A program as supervisord tells of it. */
export function processStatus(
  name: string,
  statename: ProcessState,
  more: Partial<ProcessStatus> = {},
): ProcessStatus {
  const pid = statename === 'RUNNING' || statename === 'STARTING' || statename === 'STOPPING' ? 100 : 0;
  return { name, group: name, statename, exitstatus: 0, pid, spawnerr: '', ...more };
}

/** An exit with a code that is not among the program's `exitcodes`. */
export const badExit = (name: string, exitstatus: number): ProcessStatus =>
  processStatus(name, 'EXITED', { exitstatus, spawnerr: `Bad exit code ${exitstatus}` });
