/** Exponential back-off: how long to wait before something that failed is tried again. */

export interface BackoffTiming {
  /** The wait after the first failure, milliseconds, before jitter. */
  readonly firstMs: number;
  /** No wait is longer, milliseconds. */
  readonly longestMs: number;
}

/** A database that came back is seen within 2 s; the contract wants the claim there again within 5 s. */
export const DATABASE_BACKOFF: BackoffTiming = { firstMs: 100, longestMs: 2_000 };

/** Doublings beyond this say nothing: far longer than any `longestMs`, and far from an overflow. */
const MOST_DOUBLINGS = 30;

/**
 * Milliseconds to wait after `failures` failures in a row, at least one: `firstMs`, then double with each, up to
 * `longestMs`. `random` in [0, 1) is the jitter: it spreads many callers over the upper half of the wait, so that they do not
 * come back at one instant; without it every caller waits the whole of it.
 */
export function decideBackoffMs({ firstMs, longestMs }: BackoffTiming, failures: number, random = 1): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MOST_DOUBLINGS);
  const waitMs = Math.min(longestMs, firstMs * 2 ** doublings);
  return Math.round(waitMs * (0.5 + random / 2));
}

/**
 * The failures in a row of one operation, and the wait after each. Only the operation's own success resets it: that
 * something else works, the reading before a write that fails for one, is no reason to try again sooner.
 */
export class Backoff {
  readonly #timing: BackoffTiming;
  readonly #random: (() => number) | undefined;
  #failures = 0;

  /** `random`: in [0, 1), the jitter; undefined for none. */
  constructor(timing: BackoffTiming, random: (() => number) | undefined) {
    this.#timing = timing;
    this.#random = random;
  }

  /** In a row; 0 while it succeeds. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure; returns how many milliseconds to wait before the next try. */
  fail(): number {
    this.#failures += 1;
    return decideBackoffMs(this.#timing, this.#failures, this.#random?.());
  }

  succeed(): void {
    this.#failures = 0;
  }
}
