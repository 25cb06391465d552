import type { RowAddress, RowFields, RowValues, RowWrite } from '../contract/rows.ts';

/**
 * CONFIG_DB and STATE_DB as rows. Every call has a time limit of its own, and throws CtrkitError('database') if it could
 * not be carried out. After an error the next call starts anew.
 */
export interface RowStore {
  /** Reads the named fields; one result for each row, in this order. All rows of one Redis server are read atomically. */
  readonly read: (rows: readonly RowFields[]) => Promise<RowValues[]>;
  /** Lists the rows of a table of STATE_DB whose names begin with `prefix`, in no order. For people: it scans every key. */
  readonly list: (table: string, prefix: string) => Promise<RowAddress[]>;
  /**
   * Writes all rows and returns true, or, if a guard no longer holds, writes nothing and returns false. Atomic for all rows
   * on the server of STATE_DB; a guard on another server is checked just before, a write to another server follows after.
   */
  readonly write: (guards: readonly RowValues[], writes: readonly RowWrite[]) => Promise<boolean>;
  /**
   * Calls `onChange` whenever one of the rows may have changed, and when the watch is lost: then watch again. Resolves when
   * the watch is in place; it replaces the one before.
   */
  readonly watch: (rows: readonly RowAddress[], onChange: () => void) => Promise<void>;
  readonly isWatching: boolean;
  readonly close: () => void;
}
