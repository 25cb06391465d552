import type { RowAddress } from '../../../contract/rows.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { SwitchTables, TableChange } from '../../../ports/switch-tables.ts';

/** The switch's databases, open until the daemon closes them. */
export interface Connection {
  readonly store: RowStore;
  readonly tables: SwitchTables;
  /** The names of all fields of one row. Throws CtrkitError('database'). */
  readonly listFields: (address: RowAddress) => Promise<string[]>;
  readonly close: () => void;
}

/** A part of the daemon beside the features, on the same connection and the same watch. */
export interface DaemonComponent {
  /** What it can't do at present, a line each. */
  readonly problems: readonly string[];
  /** The watch on all tables has begun: what changed before has to be read. */
  readonly connect: (connection: Connection) => void;
  /** The connection is about to be closed. */
  readonly disconnect: () => void;
  readonly observeChange: (change: TableChange) => void;
  /** Ends, and leaves what it has written as it is. Called more than once. */
  readonly close: () => void;
}
