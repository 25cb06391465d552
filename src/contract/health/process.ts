/** The states of a process as supervisord spells them (supervisor 4.2.5, states.py). */
export type ProcessState =
  'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'UNKNOWN';

/** How one program of the container is, with supervisord's field names and meanings (supervisor 4.2.5, getProcessInfo). */
export interface ProcessStatus {
  readonly name: string;
  /** The group the program is in; a program outside any group is its own. */
  readonly group: string;
  readonly statename: ProcessState;
  /** Last exit code, -1 after a signal. Means something only when `statename` is EXITED: 0 before any exit. */
  readonly exitstatus: number;
  /** 0 unless a process exists now. */
  readonly pid: number;
  /** Why it could not be started, or that its exit was not expected; empty otherwise. */
  readonly spawnerr: string;
}

/** What supervisord calls it where a name alone would not do. */
export const formatProcessKey = ({ group, name }: Pick<ProcessStatus, 'group' | 'name'>): string =>
  `${group}:${name}`;
