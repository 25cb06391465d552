import type { ProcessStatus } from '../contract/health/process.ts';

/**
 * All that supervisord tells of one program (supervisor 4.2.5, getProcessInfo). Times are whole seconds since the epoch
 * on the wall clock: for people and for comparison with each other, never for deadlines.
 */
export interface ProcessInfo extends ProcessStatus {
  /** supervisord's number for `statename`. */
  readonly state: number;
  /** Last start, seconds; 0 if never started. */
  readonly start: number;
  /** Last end, seconds; 0 if it never ended. */
  readonly stop: number;
  /** supervisord's clock when it answered, seconds. */
  readonly now: number;
}

/** What supervisord tells its listeners of (supervisor 4.2.5, events.py), as far as it is about programs. */
export interface ProcessEvent {
  /** For instance `PROCESS_STATE_EXITED`. */
  readonly name: string;
  readonly payload: Readonly<Record<string, string>>;
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
  readonly getState: () => Promise<SupervisorState>;
  /** All programs; throws while supervisord is going down, because it refuses then. */
  readonly getAllProcessInfo: () => Promise<ProcessInfo[]>;
  /**
   * These programs, each by `name` or `group:name`, in one call and this order; undefined where there is none of that
   * name (or it is a whole group). Throws while supervisord is going down.
   */
  readonly findProcesses: (names: readonly string[]) => Promise<(ProcessInfo | undefined)[]>;
}
