/** How long to wait before something that failed is tried again: exponential, with jitter. */

export interface BackoffTiming {
  /** The wait after the first failure, milliseconds, before jitter. */
  readonly firstMs: number;
  /** No wait is longer, milliseconds. */
  readonly longestMs: number;
}

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
