import { RedisRowStore } from '../../adapters/redis/row-store.ts';
import type { Databases } from '../../contract/databases.ts';
import { RedisRowFields } from '../adapters/redis/row-fields.ts';
import { RedisSwitchTables } from '../adapters/redis/switch-tables.ts';
import type { SwitchDatabases } from '../commands/ctrkit/reading/ports.ts';

/** Both databases of the switch, for `ctrkit` and the daemon. Nothing is connected before the first call. */
export function openDatabases(locations: Databases): SwitchDatabases {
  const store = new RedisRowStore(locations);
  const tables = new RedisSwitchTables(locations);
  const fields = new RedisRowFields(locations);
  return {
    locations,
    store,
    tables,
    listFields: (address) => fields.list(address),
    close: () => {
      for (const client of [store, tables, fields]) client.close();
    },
  };
}
