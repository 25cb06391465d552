import type { Redis } from 'ioredis';
import type { Databases } from '../../contract/databases.ts';
import type { RowAddress, RowFields, RowValues, RowWrite } from '../../contract/rows.ts';
import type { ConditionedRows, RowStore } from '../../ports/row-store.ts';
import { isRefusal } from './connection.ts';
import { RedisConnections } from './connections.ts';
import { decodeCondition, decodeList, decodeRows, decodeWritten } from './decode-reply.ts';
import { listRows } from './list-rows.ts';
import { findLocation, groupByServer, locateRow, splitByServer } from './row-locations.ts';
import { READ_ROWS, READ_ROWS_WITH_CONDITION, WRITE_ROWS } from './scripts.lua.ts';
import { RedisSubscriptions } from './subscriptions.ts';
import { planSteps } from './write-steps.ts';

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
      for (const [i, row] of found.entries()) results.set(items[i] as RowFields, row);
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
    const decode = (reply: unknown): ConditionedRows => {
      const [found, refusal, information] = decodeList(reply, 3);
      return { rows: decodeRows(here, found), condition: decodeCondition(refusal, information) };
    };
    const call = { script: READ_ROWS_WITH_CONDITION, input, decode };
    const found = await this.#connections.runScript(endpoint, call);
    const results = new Map(here.map((row, i) => [row, found.rows[i]]));
    const others = await this.read(elsewhere);
    for (const [i, row] of elsewhere.entries()) results.set(row, others[i]);
    return {
      rows: rows.map((row) => results.get(row) ?? { address: row.address, values: {} }),
      condition: found.condition,
    };
  }

  async list(table: string, prefix: string): Promise<RowAddress[]> {
    const names = await listRows(this.#connections, this.#databases.state, { table, prefix });
    return names.map((row) => ({ db: 'state', table, row }));
  }

  async write(
    guards: readonly RowValues[],
    writes: readonly RowWrite[],
    onLeftOut?: (problem: string) => void,
  ): Promise<boolean> {
    const whole = guards.filter(({ problem }) => problem === undefined);
    for (const { endpoint, ...step } of planSteps(this.#databases, whole, writes)) {
      const input = {
        guards: step.guards.map((guard) => encodeGuard(guard, this.#databases)),
        writes: step.writes.map((write) => encodeWrite(write, this.#databases)),
      };
      const call = { script: WRITE_ROWS, input, decode: decodeWritten };
      const { isWritten, problems } = await this.#connections.runScript(endpoint, call);
      for (const problem of problems) onLeftOut?.(problem);
      if (!isWritten) return false;
    }
    return true;
  }

  async watch(rows: readonly RowAddress[], onChange: () => void): Promise<{ readonly refusal: string }> {
    const groups = groupByServer(this.#databases, rows, ({ db }) => db);
    const subscribe = async (client: Redis, addresses: readonly RowAddress[]): Promise<void> => {
      const channels = addresses.map((address) => {
        const { db, key } = locateRow(this.#databases, address);
        return `__keyspace@${db}__:${key}`;
      });
      client.on('message', onChange);
      await client.subscribe(...channels);
    };
    try {
      await this.#subscriptions.open(groups, subscribe, onChange);
    } catch (error) {
      this.#subscriptions.close();
      if (!isRefusal(error)) throw error;
      return { refusal: error.message };
    }
    return { refusal: '' };
  }

  close(): void {
    this.#subscriptions.close();
    this.#connections.close();
  }
}

/** The form that the scripts which read rows take. */
const encodeFields = ({ address, fields, isDispensable }: RowFields, databases: Databases) => ({
  ...locateRow(databases, address),
  fields,
  isDispensable,
});

/** The form that WRITE_ROWS takes. A value that is not plain ASCII was read as text, which may not be all that it is. */
const encodeComparison = ({ values, digests = {} }: Omit<RowValues, 'address'>) => ({
  fields: Object.keys(values),
  values: Object.entries(values).map(([field, value]) =>
    value === undefined ? null : encodeExpected(value, digests[field]),
  ),
});

/** A guard may expect another value than the one that was read: then its digest is not this value's. */
const encodeExpected = (value: string, sha1: string | undefined) =>
  sha1 === undefined || isPlainAscii(value) ? value : { sha1 };

// oxlint-disable-next-line no-control-regex -- the whole of ASCII
const isPlainAscii = (text: string): boolean => /^[\0-\x7F]*$/.test(text);

const encodeGuard = (guard: RowValues, databases: Databases) => ({
  ...locateRow(databases, guard.address),
  ...encodeComparison(guard),
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
        onlyIf: write.onlyIf === undefined ? undefined : encodeComparison({ values: write.onlyIf }),
        removeIfFull: write.removeIfFull,
        isDispensable: write.isDispensable,
      };
