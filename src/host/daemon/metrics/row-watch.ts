import {
  decodeMasterStatus,
  masterStatusRow,
  MASTER_STATUS_FIELDS,
  type MasterStatus,
} from '../../../contract/cluster/master-status.ts';
import { HOLD_TABLE, type RowAddress } from '../../../contract/rows.ts';
import type { BootTime } from '../../../contract/timestamps.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { SwitchTables, TableChange } from '../../../ports/switch-tables.ts';
import type { Connection } from '../watch/daemon-component.ts';
import { HoldRows } from './hold-rows.ts';

const NOTHING_SAID: MasterStatus = { isConnected: undefined, isReachable: undefined };

export interface WatchedRows {
  /** The databases answer, and tell of changes. */
  readonly isWatching: boolean;
  readonly master: MasterStatus;
  /** Held containers by feature; undefined while they are not known. */
  readonly holds: ReadonlyMap<string, number> | undefined;
}

/**
 * The rows of STATE_DB that only the metrics need: held containers, and the state of the cluster. Read once a connection, and
 * then by their events on the daemon's own watch. Not known while the databases are away.
 */
export class RowWatch {
  readonly #holds = new HoldRows();
  #store: RowStore | undefined;
  #master: MasterStatus = NOTHING_SAID;
  /** Rows of CONTAINER_HOLD that have changed and are still to be read, by name. */
  readonly #changed = new Map<string, RowAddress>();
  #isReadingHolds = false;

  /** What is known at `now`. */
  describe(now: BootTime): WatchedRows {
    return { isWatching: this.#store !== undefined, master: this.#master, holds: this.#holds.count(now) };
  }

  /** The same connection. Its watch also tells of the rows that are needed here. */
  meter({ store, tables, listFields, close }: Connection): Connection {
    return {
      store,
      listFields,
      tables: this.#meterTables(store, tables),
      close: () => {
        this.#forget(store);
        close();
      },
    };
  }

  #meterTables(store: RowStore, tables: SwitchTables): SwitchTables {
    return {
      listFeatures: (db) => tables.listFeatures(db),
      watch: async (watched, onChange, onEnd) => {
        const observe = (change: TableChange): void => {
          this.#observeChange(store, change);
          if (change.table !== HOLD_TABLE) onChange(change);
        };
        const end = (): void => {
          this.#forget(store);
          onEnd();
        };
        await tables.watch([...watched, { db: 'state', table: HOLD_TABLE }], observe, end);
        this.#store = store;
        void this.#read(store, (isCurrent) => this.#readMaster(store, isCurrent));
        void this.#read(store, (isCurrent) => this.#holds.readAll(store, isCurrent));
      },
      close: () => tables.close(),
    };
  }

  #forget(store: RowStore): void {
    if (this.#store !== store) return;
    this.#store = undefined;
    this.#master = NOTHING_SAID;
    this.#holds.forget();
    this.#changed.clear();
  }

  #observeChange(store: RowStore, { db, table, row }: TableChange): void {
    if (table === HOLD_TABLE && row !== '') {
      this.#changed.set(row, { db, table, row });
      if (!this.#isReadingHolds) void this.#readChanged();
    }
    if (table === masterStatusRow.table)
      void this.#read(store, (isCurrent) => this.#readMaster(store, isCurrent));
  }

  /** What changes while rows are read is read together afterwards: however much changes, one read is under way. */
  async #readChanged(): Promise<void> {
    this.#isReadingHolds = true;
    // The store is that of now: what has changed was told by its watch.
    for (let store = this.#store; store !== undefined && this.#changed.size > 0; store = this.#store) {
      const rows = [...this.#changed.values()];
      this.#changed.clear();
      const open = store;
      await this.#read(open, (isCurrent) => this.#holds.read(open, rows, isCurrent));
    }
    this.#isReadingHolds = false;
  }

  /** A store that was closed would open itself again. What fails is the daemon's to report: it uses the same connection. */
  async #read(store: RowStore, run: (isCurrent: () => boolean) => Promise<void>): Promise<void> {
    const isCurrent = (): boolean => this.#store === store;
    if (isCurrent()) await run(isCurrent).catch(() => undefined);
  }

  async #readMaster(store: RowStore, isCurrent: () => boolean): Promise<void> {
    const [row] = await store.read([{ address: masterStatusRow, fields: MASTER_STATUS_FIELDS }]);
    if (isCurrent()) this.#master = decodeMasterStatus(row?.values ?? {});
  }
}
