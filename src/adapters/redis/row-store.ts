import type { Databases, Endpoint } from '../../contract/databases.ts';
import type { FieldValues, RowAddress, RowFields, RowValues, RowWrite } from '../../contract/rows.ts';
import type { ConditionedRows, RowStore, StoreCondition } from '../../ports/row-store.ts';
import { RedisConnections } from './connections.ts';
import { decodeCondition, decodeDone, decodeList, decodeTexts, decodeValues } from './decode-reply.ts';
import { findLocation, groupByServer, locateRow, splitByServer } from './row-locations.ts';
import { LIST_KEYS, READ_ROWS, READ_ROWS_WITH_CONDITION, WRITE_ROWS } from './scripts.lua.ts';
import { RedisSubscriptions } from './subscriptions.ts';

/** Rows in Redis, by one script a call and server (scripts.lua.ts), and its keyspace events. */
export class RedisRowStore implements RowStore {
  readonly #databases: Databases;
  readonly #connections: RedisConnections;
  readonly #subscriptions: RedisSubscriptions;

  /** `onLost` is called when a server has ended a connection: it may come back as another, and empty. */
  constructor(databases: Databases, callTimeoutMs?: number, onLost?: () => void) {
    this.#databases = databases;
    this.#connections = new RedisConnections(callTimeoutMs, onLost);
    this.#subscriptions = new RedisSubscriptions(callTimeoutMs);
  }

  get isWatching(): boolean {
    return this.#subscriptions.isOpen;
  }

  async read(rows: readonly RowFields[]): Promise<RowValues[]> {
    const results = new Map<RowFields, RowValues>();
    for (const { endpoint, items } of groupByServer(this.#databases, rows, ({ address }) => address.db)) {
      const input = items.map((row) => encodeFields(row, this.#databases));
      const decode = (reply: unknown) => decodeRows(items, reply);
      const found = await this.#connections.runScript(endpoint, { script: READ_ROWS, input, decode });
      items.forEach((row, i) => results.set(row, { address: row.address, values: found[i] ?? {} }));
    }
    return rows.map((row) => results.get(row) ?? { address: row.address, values: {} });
  }

  async readWithCondition(rows: readonly RowFields[], probe: RowAddress): Promise<ConditionedRows> {
    const { endpoint } = findLocation(this.#databases, probe.db);
    const [here, elsewhere] = splitByServer(this.#databases, rows, endpoint);
    const input = {
      probe: locateRow(this.#databases, probe),
      rows: here.map((row) => encodeFields(row, this.#databases)),
    };
    const decode = (reply: unknown): { values: FieldValues[]; condition: StoreCondition } => {
      const [values, refusal, information] = decodeList(reply, 3);
      return { values: decodeRows(here, values), condition: decodeCondition(refusal, information) };
    };
    const script = READ_ROWS_WITH_CONDITION;
    const { values, condition } = await this.#connections.runScript(endpoint, { script, input, decode });
    const found = new Map(here.map((row, i) => [row, { address: row.address, values: values[i] ?? {} }]));
    const others = await this.read(elsewhere);
    elsewhere.forEach((row, i) => found.set(row, others[i] ?? { address: row.address, values: {} }));
    return { rows: rows.map((row) => found.get(row) ?? { address: row.address, values: {} }), condition };
  }

  async list(table: string, prefix: string): Promise<RowAddress[]> {
    const { endpoint, id, separator } = this.#databases.state;
    const start = `${table}${separator}`;
    // `prefix` is a checked name: nothing in it means anything to a pattern.
    const input = { db: id, pattern: `${start}${prefix}*` };
    const call = { script: LIST_KEYS, input, decode: decodeTexts };
    const keys = await this.#connections.runScript(endpoint, call);
    return [...new Set(keys)].map((key) => ({ db: 'state', table, row: key.slice(start.length) }));
  }

  async write(guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    const { endpoint } = this.#databases.state;
    const [guardsHere, guardsElsewhere] = splitByServer(this.#databases, guards, endpoint);
    const [writesHere, writesElsewhere] = splitByServer(this.#databases, writes, endpoint);
    if (guardsElsewhere.length > 0 && !(await areGuardsHeld(this, guardsElsewhere))) return false;
    if (!(await this.#writeOn(endpoint, guardsHere, writesHere))) return false;
    for (const group of groupByServer(this.#databases, writesElsewhere, ({ address }) => address.db))
      await this.#writeOn(group.endpoint, [], group.items);
    return true;
  }

  async watch(rows: readonly RowAddress[], onChange: () => void): Promise<void> {
    await this.#subscriptions.open(
      groupByServer(this.#databases, rows, ({ db }) => db),
      async (client, addresses) => {
        const channels = addresses.map((address) => {
          const { db, key } = locateRow(this.#databases, address);
          return `__keyspace@${db}__:${key}`;
        });
        client.on('message', onChange);
        await client.subscribe(...channels);
      },
      onChange,
    );
  }

  close(): void {
    this.#subscriptions.close();
    this.#connections.close();
  }

  #writeOn(endpoint: Endpoint, guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    const input = {
      guards: guards.map((guard) => encodeGuard(guard, this.#databases)),
      writes: writes.map((write) => encodeWrite(write, this.#databases)),
    };
    return this.#connections.runScript(endpoint, { script: WRITE_ROWS, input, decode: decodeDone });
  }
}

async function areGuardsHeld(store: RowStore, guards: readonly RowValues[]): Promise<boolean> {
  const found = await store.read(
    guards.map(({ address, values }) => ({ address, fields: Object.keys(values) })),
  );
  return guards.every(({ values }, i) =>
    Object.entries(values).every(([field, value]) => found[i]?.values[field] === value),
  );
}

/** The form that the scripts which read rows take. */
const encodeFields = ({ address, fields }: RowFields, databases: Databases) => ({
  ...locateRow(databases, address),
  fields,
});

function decodeRows(rows: readonly RowFields[], reply: unknown): FieldValues[] {
  const lists = decodeList(reply, rows.length);
  return rows.map((row, i) => decodeValues(row.fields, lists[i]));
}

/** The form that WRITE_ROWS takes. */
const encodeGuard = ({ address, values }: RowValues, databases: Databases) => ({
  ...locateRow(databases, address),
  fields: Object.keys(values),
  values: Object.values(values).map((value) => value ?? null),
});

/** The form that WRITE_ROWS takes. */
const encodeWrite = (write: RowWrite, databases: Databases) =>
  write.kind === 'delete'
    ? { ...locateRow(databases, write.address), delete: true }
    : {
        ...locateRow(databases, write.address),
        set: Object.entries(write.values).flat(),
        remove: write.remove ?? [],
        ttlMs: write.ttlMs,
      };
