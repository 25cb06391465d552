import type { RowAddress, RowFields, RowValues, RowWrite } from '../contract/rows.ts';

/** What the server of one row is able to do, by the same step that read the rows. */
export interface StoreCondition {
  /** Differs for each start of a server process; empty where the server does not tell. */
  readonly serverId: string;
  /**
   * How long the server process has been running, milliseconds, rounded down to a second. By the server's wall clock: a step
   * of it falsifies this. Infinity where the server does not tell.
   */
  readonly uptimeMs: number;
  /** Why the server refuses to write the row, one line; empty where it takes writes. */
  readonly refusal: string;
}

export interface ConditionedRows {
  readonly rows: RowValues[];
  readonly condition: StoreCondition;
}

/**
 * CONFIG_DB and STATE_DB as rows. Every call has a time limit of its own, and throws CtrkitError('database') if it could
 * not be carried out. After an error the next call starts anew.
 */
export interface RowStore {
  /** Reads the named fields; one result for each row, in this order. All rows of one Redis server are read atomically. */
  readonly read: (rows: readonly RowFields[]) => Promise<RowValues[]>;
  /**
   * `read`, and in the same step the condition of the server of `probe`: a row of the caller's own. It is written and left as
   * it was, which leaves nothing behind and wakes only those who watch that row. A refused write is no error here.
   */
  readonly readWithCondition: (rows: readonly RowFields[], probe: RowAddress) => Promise<ConditionedRows>;
  /**
   * Lists the rows of a table of STATE_DB whose names begin with `prefix`, in no order, and those that are there throughout
   * without fail; a key that is no hash is no row. For people: it looks at every key, in many calls, each with its time limit.
   */
  readonly list: (table: string, prefix: string) => Promise<RowAddress[]>;
  /**
   * Writes all rows and returns true, or, if a guard no longer holds, returns false. Each server is one atomic step, in the
   * order in which the servers occur in `writes`. The guards of the first of them, and of STATE_DB's server, are part of its
   * step; other guards are compared before the first step. False: nothing is written by that step and those after it; what a
   * step before it has written on another server stays, so a write that is harmless alone has to come first. `onLeftOut` is
   * called with one line for people for each dispensable row whose key is no hash.
   */
  readonly write: (
    guards: readonly RowValues[],
    writes: readonly RowWrite[],
    onLeftOut?: (problem: string) => void,
  ) => Promise<boolean>;
  /**
   * Calls `onChange` whenever one of the rows may have changed, and when the watch is lost: then watch again. Resolves when
   * the watch is in place; it replaces the one before. A server that answers but refuses the subscription (a user without
   * channels, say) is no error: `refusal` is what it said, empty otherwise, and nothing is watched.
   */
  readonly watch: (
    rows: readonly RowAddress[],
    onChange: () => void,
  ) => Promise<{ readonly refusal: string }>;
  readonly isWatching: boolean;
  readonly close: () => void;
}
