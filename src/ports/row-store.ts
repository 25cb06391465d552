import type { RowAddress, RowFields, RowValues, RowWrite } from '../contract/rows.ts';

/**
 * CONFIG_DB and STATE_DB as rows. Every call ends within a time limit of its own; one that could not be carried
 * out throws CtrkitError('database'). After an error the next call tries again from the start.
 */
export interface RowStore {
  /** The named fields, one result a row in the order asked; all rows of one Redis server in one step. */
  readonly read: (rows: readonly RowFields[]) => Promise<RowValues[]>;
  /** The rows of a table of STATE_DB whose name begins so, in no order; for people, as it looks at every key. */
  readonly list: (table: string, prefix: string) => Promise<RowAddress[]>;
  /**
   * Writes all or, if a guard no longer holds, nothing, and tells which. One step for everything on the server
   * of STATE_DB; a guard on another server is checked just before, a write to another server follows after.
   */
  readonly write: (guards: readonly RowValues[], writes: readonly RowWrite[]) => Promise<boolean>;
  /**
   * Calls `onChange` whenever one of the rows may have changed, and when it can no longer tell: then watch again.
   * Resolves when watching; replaces what was watched before.
   */
  readonly watch: (rows: readonly RowAddress[], onChange: () => void) => Promise<void>;
  readonly isWatching: boolean;
  readonly close: () => void;
}
