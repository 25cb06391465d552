import { RedisRowStore } from '../../adapters/redis/row-store.ts';
import type { Databases } from '../../contract/databases.ts';
import type { RowAddress } from '../../contract/rows.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { SwitchTables } from '../../ports/switch-tables.ts';
import { RedisRowFields } from '../adapters/redis/row-fields.ts';
import { RedisSwitchTables } from '../adapters/redis/switch-tables.ts';

interface OpenDatabases {
  readonly databases: Databases;
  readonly store: RowStore;
  readonly tables: SwitchTables;
  readonly listFields: (address: RowAddress) => Promise<string[]>;
  readonly close: () => void;
}

/** Both databases of the switch, for `ctrkit` and the daemon. Nothing is connected before the first call. */
export function openDatabases(databases: Databases): OpenDatabases {
  const store = new RedisRowStore(databases);
  const tables = new RedisSwitchTables(databases);
  const fields = new RedisRowFields(databases);
  return {
    databases,
    store,
    tables,
    listFields: (address) => fields.list(address),
    close: () => {
      for (const client of [store, tables, fields]) client.close();
    },
  };
}
