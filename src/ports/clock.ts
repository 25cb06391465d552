/** Times as the contract wants them: durations on the boot clock, the wall clock for people only. And waiting. */
export interface Clock {
  /** The kernel's boot id: milliseconds of different boots don't compare. */
  readonly bootId: () => string;
  /** Milliseconds since boot, suspend included; the same in every container of a host. */
  readonly bootMs: () => number;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  /**
   * Resolves when `ms` milliseconds have passed or when `signal` aborts, whichever is first; never rejects, and does not
   * tell which it was. It leaves no timer and no listener behind. A wait of more than 2^31-1 ms, 24 days, ends after
   * that time, and the boot clock may show some milliseconds less than were asked for: a caller with a deadline compares
   * with `bootMs` afterwards.
   */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Calls `callback` once when `ms` milliseconds have passed, never before `schedule` has returned. Returns how to cancel it:
   * after that it is not called any more, and to cancel twice, or too late, changes nothing. The same limit as `sleep`.
   */
  readonly schedule: (ms: number, callback: () => void) => () => void;
}
