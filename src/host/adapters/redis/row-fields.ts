import { RedisConnection } from '../../../adapters/redis/connection.ts';
import { addressOf, type Databases } from '../../../contract/databases.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import type { RowAddress } from '../../../contract/rows.ts';

const CALL_TIMEOUT_MS = 2_000;

/** ARGV[1]: {db, key}. Returns the names of the row's fields; fails for a key of another type. */
const LIST_FIELDS = `
local input = cjson.decode(ARGV[1])
redis.call('SELECT', input.db)
return redis.call('HKEYS', input.key)
`;

/** The names of all fields of a row, for rows whose fields are not known beforehand: the node's labels. */
export class RedisRowFields {
  readonly #connections = new Map<string, RedisConnection>();
  readonly #databases: Databases;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  /** In no order. Throws CtrkitError('database'). */
  async list({ db, table, row }: RowAddress): Promise<string[]> {
    const location = this.#databases[db];
    if (location === undefined) throw new CtrkitError('defect', `no ${db} database on a single-ASIC switch`);
    const { endpoint, id, separator } = location;
    const server = addressOf(endpoint);
    const connection = this.#connections.get(server) ?? new RedisConnection(endpoint, CALL_TIMEOUT_MS);
    this.#connections.set(server, connection);
    const input = JSON.stringify({ db: id, key: `${table}${separator}${row}` });
    const names: unknown = await connection.run((client) => client.eval(LIST_FIELDS, 0, input));
    return Array.isArray(names) ? names.map(String) : [];
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}
