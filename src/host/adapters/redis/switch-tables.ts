import { RedisConnection } from '../../../adapters/redis/connection.ts';
import { LIST_KEYS } from '../../../adapters/redis/scripts.lua.ts';
import { addressOf, type DatabaseLocation, type Databases } from '../../../contract/databases.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { isFeatureName } from '../../../contract/names.ts';
import type { SwitchTables, TableChange, WatchedTable } from '../../../ports/switch-tables.ts';

const CALL_TIMEOUT_MS = 2_000;

export class RedisSwitchTables implements SwitchTables {
  readonly #databases: Databases;
  readonly #config: RedisConnection;
  /** Opened when it is asked: the daemon seldom does. */
  #state: RedisConnection | undefined;
  #subscriptions: RedisConnection[] = [];

  constructor(databases: Databases) {
    this.#databases = databases;
    this.#config = new RedisConnection(databases.config.endpoint, CALL_TIMEOUT_MS);
  }

  async listFeatures(db: 'config' | 'state' = 'config'): Promise<string[]> {
    const { id, separator } = this.#databases[db];
    const start = `FEATURE${separator}`;
    const input = JSON.stringify({ db: id, pattern: `${start}*` });
    const keys: unknown = await this.connectionOf(db).run((client) => client.eval(LIST_KEYS, 0, input));
    const names = Array.isArray(keys) ? keys.map((key) => String(key).slice(start.length)) : [];
    return [...new Set(names)].filter((name) => isFeatureName(name)).toSorted();
  }

  async watch(
    tables: readonly WatchedTable[],
    onChange: (change: TableChange) => void,
    onEnd: () => void,
  ): Promise<void> {
    this.unwatch();
    const subscriptions: RedisConnection[] = [];
    this.#subscriptions = subscriptions;
    // Of several servers the first one that goes ends the whole watch, and only once.
    const end = (): void => {
      if (this.#subscriptions !== subscriptions) return;
      this.unwatch();
      onEnd();
    };
    for (const group of this.groupByServer(tables)) {
      const [first] = group;
      if (first === undefined) continue;
      const connection = new RedisConnection(this.locationOf(first.db).endpoint, CALL_TIMEOUT_MS);
      subscriptions.push(connection);
      const watched = group.map((one) => ({ ...one, prefix: this.prefixOf(one) }));
      await connection.run(async (client) => {
        client.on('pmessage', (_pattern: string, channel: string) => {
          const found = watched.find(({ prefix }) => channel.startsWith(prefix));
          if (found !== undefined)
            onChange({ db: found.db, table: found.table, row: channel.slice(found.prefix.length) });
        });
        await client.psubscribe(...watched.map(({ prefix }) => `${prefix}*`));
      });
      connection.onEnd(end);
    }
  }

  close(): void {
    this.unwatch();
    this.#config.close();
    this.#state?.close();
  }

  private connectionOf(db: 'config' | 'state'): RedisConnection {
    if (db === 'config') return this.#config;
    this.#state ??= new RedisConnection(this.#databases.state.endpoint, CALL_TIMEOUT_MS);
    return this.#state;
  }

  private unwatch(): void {
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    for (const connection of subscriptions) connection.close();
  }

  private groupByServer(tables: readonly WatchedTable[]): WatchedTable[][] {
    const groups = new Map<string, WatchedTable[]>();
    for (const one of tables) {
      const server = addressOf(this.locationOf(one.db).endpoint);
      groups.set(server, [...(groups.get(server) ?? []), one]);
    }
    return [...groups.values()];
  }

  private prefixOf({ db, table }: WatchedTable): string {
    const { id, separator } = this.locationOf(db);
    return `__keyspace@${id}__:${table}${separator}`;
  }

  private locationOf(db: WatchedTable['db']): DatabaseLocation {
    const location = this.#databases[db];
    if (location === undefined) throw new CtrkitError('defect', `no ${db} database on a single-ASIC switch`);
    return location;
  }
}
