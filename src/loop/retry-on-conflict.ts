/** What an attempt returns whose guarded write was refused: a row has changed since it was read. */
export const CONFLICT = Symbol('conflict');

/** A row that changes so often in a row is not only changed by others: something is wrong with it. */
const DEFAULT_MAX_ATTEMPTS = 20;

export interface ConflictRetry {
  /** How many attempts at most; 20 if left out. */
  readonly maxAttempts?: number;
  /** Waits before the next attempt; `conflicts` is how many there were. Left out: the next one begins at once. */
  readonly pause?: (conflicts: number) => Promise<void>;
}

/**
 * Optimistic concurrency without locks: `attempt` reads rows, decides on them, and writes with what it read as the guard.
 * Where another writer came between, it returns CONFLICT, has written nothing, and is made again from the reading on.
 *
 * Returns what the first attempt without a conflict returned, or CONFLICT when `maxAttempts` had one each: then the
 * caller says so in its own words. What an attempt throws is thrown on, and nothing is tried again.
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
