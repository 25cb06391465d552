/** Times as the contract wants them: durations on the boot clock, the wall clock for people only. */
export interface Clock {
  /** The kernel's boot id: milliseconds of different boots don't compare. */
  bootId(): string;
  /** Milliseconds since boot, suspend included; the same in every container of a host. */
  bootMs(): number;
  /** Milliseconds since the epoch. */
  wallMs(): number;
}
