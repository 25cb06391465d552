import { RedisConnections } from '../../../adapters/redis/connections.ts';
import { decodeTexts } from '../../../adapters/redis/decode-reply.ts';
import { findLocation, locateRow } from '../../../adapters/redis/row-locations.ts';
import { DEFINE_EXPLAIN } from '../../../adapters/redis/scripts.lua.ts';
import type { Databases } from '../../../contract/databases.ts';
import type { RowAddress } from '../../../contract/rows.ts';

/** ARGV[1]: {db, key}. Returns the names of the row's fields; fails for a key of another type. */
const LIST_FIELDS = `${DEFINE_EXPLAIN}
local input = cjson.decode(ARGV[1])
redis.call('SELECT', input.db)
return explain(redis.pcall('HKEYS', input.key), input)
`;

/** The names of all fields of a row, for rows whose fields are not known beforehand: the node's labels. */
export class RedisRowFields {
  readonly #connections = new RedisConnections();
  readonly #databases: Databases;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  /** Lists fields in no particular order. Throws CtrkitError('database'). */
  async list(address: RowAddress): Promise<string[]> {
    const { endpoint } = findLocation(this.#databases, address.db);
    const input = locateRow(this.#databases, address);
    return this.#connections.runScript(endpoint, { script: LIST_FIELDS, input, decode: decodeTexts });
  }

  close(): void {
    this.#connections.close();
  }
}
