/** The states of a process as supervisord spells them (supervisor 4.2.5, states.py). */
export type ProcessState =
  'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'UNKNOWN';

/**
 * One program of the container, with supervisord's field names and meanings (supervisor 4.2.5,
 * getProcessInfo). Times are whole seconds since the epoch on the wall clock: for people and for
 * comparison with each other, never for deadlines.
 */
export interface ProcessInfo {
  readonly name: string;
  /** The group the program is in; a program outside any group is its own. */
  readonly group: string;
  /** supervisord's number for `statename`. */
  readonly state: number;
  readonly statename: ProcessState;
  /** Last exit code, -1 after a signal. Means something only when `statename` is EXITED: 0 before any exit. */
  readonly exitstatus: number;
  /** 0 unless a process exists now. */
  readonly pid: number;
  /** Last start, seconds; 0 if never started. */
  readonly start: number;
  /** Last end, seconds; 0 if it never ended. */
  readonly stop: number;
  /** supervisord's clock when it answered, seconds. */
  readonly now: number;
  /** Why it could not be started, for people; empty if it could. */
  readonly spawnerr: string;
}

/** supervisord's own state: code 2 FATAL, 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN (states.py). */
export interface SupervisorState {
  readonly code: number;
  readonly name: string;
}

/**
 * What the container's supervisord knows of its programs. Every method asks afresh and throws
 * CtrkitError('supervisor') if supervisord cannot be reached, is too late, or answers nonsense.
 */
export interface ProcessTable {
  /** A supervisord that is going down (or restarting: it does not say which) is `{ -1, SHUTDOWN }`. */
  getState(): Promise<SupervisorState>;
  /** All programs; throws while supervisord is going down, because it refuses then. */
  getAllProcessInfo(): Promise<ProcessInfo[]>;
  /** One program by `name` or `group:name`; undefined if there is none of that name (or it is a whole group). */
  getProcessInfo(name: string): Promise<ProcessInfo | undefined>;
}
