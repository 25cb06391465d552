/** An operator's lock on a feature: switching, fallback and clean-up leave it alone. */
export interface FeatureLock {
  readonly feature: string;
  /** Who set it, one line. */
  readonly owner: string;
  /** Why, one line. */
  readonly reason: string;
  /** Wall clock, seconds, of setting it; for people. */
  readonly sinceTs: number;
  /** How long it holds; 0 for until it is removed. */
  readonly forMs: number;
  /** When it was set, on the boot clock of that boot: a step of the wall clock does not lift it. */
  readonly bootId: string;
  readonly bootMs: number;
}
