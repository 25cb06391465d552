/** Exponential back-off: how long to wait before something that failed is tried again. */

export interface BackoffTiming {
  /** The wait after the first failure, milliseconds, before jitter. */
  readonly firstMs: number;
  /** No wait is longer, milliseconds. */
  readonly longestMs: number;
}

/** contract.md wants the claim on record within 5 s after a database came back: it is noticed within 2 s. */
export const DATABASE_BACKOFF: BackoffTiming = { firstMs: 100, longestMs: 2_000 };

/** Every `longestMs` is reached long before; more doublings could overflow. */
const MOST_DOUBLINGS = 30;

/**
 * Milliseconds to wait after `failures` failures in a row: `firstMs` after the first, then doubling up to `longestMs`.
 * `random` in [0, 1) adds jitter: it spreads callers over the upper half of the wait, so that they do not all come back at
 * the same time. Without `random` there is no jitter.
 */
export function decideBackoffMs({ firstMs, longestMs }: BackoffTiming, failures: number, random = 1): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MOST_DOUBLINGS);
  const waitMs = Math.min(longestMs, firstMs * 2 ** doublings);
  return Math.round(waitMs * (0.5 + random / 2));
}

/**
 * Counts the failures in a row of one operation, and gives the wait after each. Only a success of the same operation may
 * reset it. If the reading works and the write after it fails, the reading must not make the next try come sooner.
 */
export class Backoff {
  readonly #timing: BackoffTiming;
  readonly #random: (() => number) | undefined;
  #failures = 0;

  /** `random` returns the jitter, in [0, 1); undefined means no jitter. */
  constructor(timing: BackoffTiming, random: (() => number) | undefined) {
    this.#timing = timing;
    this.#random = random;
  }

  /** Failures in a row; 0 after a success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure; returns how many milliseconds to wait before the next try. */
  recordFailure(): number {
    this.#failures += 1;
    return decideBackoffMs(this.#timing, this.#failures, this.#random?.());
  }

  recordSuccess(): void {
    this.#failures = 0;
  }
}
