import type { RowAddress } from '../../../contract/rows.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { SwitchTables, TableChange } from '../../../ports/switch-tables.ts';

/** The switch's databases, open until the daemon says otherwise. */
export interface Connection {
  readonly store: RowStore;
  readonly tables: SwitchTables;
  /** The names of all fields of one row. Throws CtrkitError('database'). */
  readonly listFields: (address: RowAddress) => Promise<string[]>;
  readonly close: () => void;
}

/** What the daemon keeps beside the features, on the same databases and told by the same watch. */
export interface DaemonComponent {
  /** What it can't do at present, a line each. */
  readonly problems: readonly string[];
  /** All tables are watched, and what changed before is to be read. */
  connect(connection: Connection): void;
  /** What was connected is closed, or about to be. */
  disconnect(): void;
  observeChange(change: TableChange): void;
  /** Ends, and leaves what it has written as it is. */
  close(): void;
}
