/** Time and waiting. Durations and deadlines use the boot clock (contract.md); the wall clock is for people only. */
export interface Clock {
  /** The kernel's boot id. Milliseconds of two boots can't be compared. */
  readonly bootId: () => string;
  /** Milliseconds since boot, suspend included; the same in every container of a host. */
  readonly bootMs: () => number;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  /**
   * Resolves when `ms` milliseconds have passed, or when `signal` aborts, whichever is first. It never rejects; the caller
   * asks the signal which it was. It leaves no timer and no listener behind. A wait of more than 2^31-1 ms (24 days) ends
   * after that time. The boot clock may show some milliseconds less than `ms` then: a caller with a deadline compares with
   * `bootMs` again.
   */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Calls `callback` once, when `ms` milliseconds have passed, and never before `schedule` has returned. Returns a function
   * that cancels the call; a second or a late cancel does nothing. The limits of `sleep` apply.
   */
  readonly schedule: (ms: number, callback: () => void) => () => void;
}
