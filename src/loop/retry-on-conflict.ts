/** An attempt returns this if its guarded write was refused because a row had changed since it was read. */
export const CONFLICT = Symbol('conflict');

/** After so many conflicts in a row the cause is not another writer, but something wrong with the row. */
const DEFAULT_MAX_ATTEMPTS = 20;

export interface ConflictRetry {
  /** 20 by default. */
  readonly maxAttempts?: number;
  /** Waits before the next attempt, after `conflicts` conflicts. By default the next attempt begins at once. */
  readonly pause?: (conflicts: number) => Promise<void>;
}

/**
 * Optimistic concurrency: `attempt` reads rows, decides, and writes with the rows it read as the guard. If another writer
 * came in between, the attempt has written nothing and returns CONFLICT; it is then repeated from the reading on.
 *
 * Returns the result of the first attempt without a conflict, or CONFLICT after `maxAttempts` conflicts; the caller reports
 * that in its own words. An error of an attempt is thrown on and ends the retries.
 */
export async function retryOnConflict<T>(
  attempt: () => Promise<T | typeof CONFLICT>,
  { maxAttempts = DEFAULT_MAX_ATTEMPTS, pause }: ConflictRetry = {},
): Promise<T | typeof CONFLICT> {
  for (let conflicts = 1; ; conflicts++) {
    const result = await attempt();
    if (result !== CONFLICT || conflicts >= maxAttempts) return result;
    await pause?.(conflicts);
  }
}

/** For people, after the last conflict: what the row of the feature does. `consequence` follows, and says what is to be done. */
export const describeConflicts = (feature: string, consequence: string): string =>
  `the record of ${feature} changes with every reading${consequence}`;
