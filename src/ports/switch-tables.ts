import type { DatabaseName } from '../contract/databases.ts';

export interface TableChange {
  readonly db: DatabaseName;
  readonly table: string;
  /** Empty: any row, the watch has begun or has ended. */
  readonly row: string;
}

export interface WatchedTable {
  readonly db: DatabaseName;
  readonly table: string;
}

/** CONFIG_DB and STATE_DB of this switch as whole tables, for the daemon; rows are read by RowStore. */
export interface SwitchTables {
  /** Rows of FEATURE whose names are legal, CONFIG_DB's unless `db` says otherwise. Throws CtrkitError('database'). */
  readonly listFeatures: (db?: 'config' | 'state') => Promise<string[]>;
  /**
   * Resolves when watching. `onEnd` is called once when the server has ended it: watch again, and read everything, as
   * what changed meanwhile is not told. Throws CtrkitError('database').
   */
  readonly watch: (
    tables: readonly WatchedTable[],
    onChange: (change: TableChange) => void,
    onEnd: () => void,
  ) => Promise<void>;
  readonly close: () => void;
}
