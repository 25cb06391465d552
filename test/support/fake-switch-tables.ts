import { isFeatureName } from '../../src/contract/names.ts';
import type { RowAddress } from '../../src/contract/rows.ts';
import type { SwitchTables, TableChange, WatchedTable } from '../../src/ports/switch-tables.ts';
import type { FakeDatabases } from './fake-row-store.ts';

/** One client of the databases in memory, as whole tables. A flush is not told, as FLUSHDB tells of no key. */
export class FakeSwitchTables implements SwitchTables {
  readonly #databases: FakeDatabases;
  #unlisten: (() => void) | undefined;

  constructor(databases: FakeDatabases) {
    this.#databases = databases;
  }

  get isWatching(): boolean {
    return this.#unlisten !== undefined;
  }

  async listFeatures(from: 'config' | 'state' = 'config'): Promise<string[]> {
    this.#databases.assertUp();
    const rows = this.#databases.addresses().filter(({ db, table }) => db === from && table === 'FEATURE');
    return rows
      .map(({ row }) => row)
      .filter((name) => isFeatureName(name))
      .toSorted();
  }

  async watch(
    tables: readonly WatchedTable[],
    onChange: (change: TableChange) => void,
    onEnd: () => void,
  ): Promise<void> {
    this.close();
    this.#databases.assertUp();
    const unlisten = this.#databases.listen((keys) => {
      if (this.#unlisten !== unlisten) return;
      if (this.#databases.isDown) {
        this.close();
        onEnd();
      } else if (keys !== 'all') {
        const changed = [...keys].map((key) => JSON.parse(key) as [RowAddress['db'], string, string]);
        for (const [db, table, row] of changed)
          if (tables.some((one) => one.db === db && one.table === table)) onChange({ db, table, row });
      }
    });
    this.#unlisten = unlisten;
  }

  close(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }
}
