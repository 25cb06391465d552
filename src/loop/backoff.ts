/** Exponential back-off: how long to wait before something that failed is tried again. */
import { decideBackoffMs, type BackoffTiming } from '../contract/backoff.ts';

/** contract.md wants the claim on record within 5 s after a database came back: it is noticed within 2 s. */
export const DATABASE_BACKOFF: BackoffTiming = { firstMs: 100, longestMs: 2_000 };

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
