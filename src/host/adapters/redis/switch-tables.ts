import { RedisConnections } from '../../../adapters/redis/connections.ts';
import { listRows } from '../../../adapters/redis/list-rows.ts';
import { findLocation, groupByServer } from '../../../adapters/redis/row-locations.ts';
import { RedisSubscriptions } from '../../../adapters/redis/subscriptions.ts';
import type { Databases } from '../../../contract/databases.ts';
import { FEATURE_TABLE } from '../../../contract/rows.ts';
import { isFeatureName } from '../../../contract/names.ts';
import type { SwitchTables, TableChange, WatchedTable } from '../../../ports/switch-tables.ts';

/** Whole tables in Redis, by its keyspace events. */
export class RedisSwitchTables implements SwitchTables {
  readonly #databases: Databases;
  readonly #connections = new RedisConnections();
  readonly #subscriptions = new RedisSubscriptions();

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  async listFeatures(db: 'config' | 'state' = 'config'): Promise<string[]> {
    const range = { table: FEATURE_TABLE, prefix: '' };
    const names = await listRows(this.#connections, this.#databases[db], range);
    return names.filter((name) => isFeatureName(name)).toSorted();
  }

  async watch(
    tables: readonly WatchedTable[],
    onChange: (change: TableChange) => void,
    onEnd: () => void,
  ): Promise<void> {
    await this.#subscriptions.open(
      groupByServer(this.#databases, tables, ({ db }) => db),
      async (client, group) => {
        const watched = group.map(({ db, table }) => ({ db, table, prefix: this.#encodePrefix(db, table) }));
        client.on('pmessage', (_pattern: string, channel: string) => {
          const found = watched.find(({ prefix }) => channel.startsWith(prefix));
          if (found === undefined) return;
          onChange({ db: found.db, table: found.table, row: channel.slice(found.prefix.length) });
        });
        await client.psubscribe(...watched.map(({ prefix }) => `${prefix}*`));
      },
      onEnd,
    );
  }

  close(): void {
    this.#subscriptions.close();
    this.#connections.close();
  }

  /** Pattern of the keyspace events of a table's rows. */
  #encodePrefix(db: WatchedTable['db'], table: string): string {
    const { id, separator } = findLocation(this.#databases, db);
    return `__keyspace@${id}__:${table}${separator}`;
  }
}
