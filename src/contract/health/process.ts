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

/** The process that an event of supervisord is about, and how it ended (supervisor 4.2.5, events.py). */
export interface EventProcess extends Pick<ProcessStatus, 'name' | 'group'> {
  /** NaN where the event names none. */
  readonly pid: number;
  /** False only for an exit with a code that the program's `exitcodes` do not list. */
  readonly isExpected: boolean;
}

/** Decodes the payload of a PROCESS_ event. `name` and `group` are empty for an event about no process. */
export const decodeEventProcess = (payload: Readonly<Record<string, string>>): EventProcess => ({
  name: payload['processname'] ?? '',
  group: payload['groupname'] ?? '',
  pid: Number(payload['pid']),
  isExpected: payload['expected'] !== '0',
});

/** `group:name`, as supervisord names a process where the name alone would be ambiguous. */
export const formatProcessKey = ({ group, name }: Pick<ProcessStatus, 'group' | 'name'>): string =>
  `${group}:${name}`;
