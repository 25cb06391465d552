import type { ProcessStatus } from '../contract/health/process.ts';

/**
 * What supervisord reports about one program (supervisor 4.2.5, getProcessInfo). Times are whole seconds since the epoch
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

/** An event that supervisord sends to its listeners (supervisor 4.2.5, events.py). */
export interface ProcessEvent {
  /** For instance `PROCESS_STATE_EXITED`. */
  readonly name: string;
  readonly payload: Readonly<Record<string, string>>;
}

/**
 * The programs of the container's supervisord. Every method asks supervisord anew, and throws CtrkitError('supervisor') if
 * it can't be reached, does not answer in time, or answers nonsense.
 */
export interface ProcessTable {
  /** All programs. Throws while supervisord stops: it refuses then. */
  readonly getAllProcessInfo: () => Promise<ProcessInfo[]>;
  /**
   * The programs of these names, each `name` or `group:name`, in one call and in this order; undefined where there is no
   * such program (or it is a whole group). Throws while supervisord stops.
   */
  readonly findProcesses: (names: readonly string[]) => Promise<(ProcessInfo | undefined)[]>;
}
