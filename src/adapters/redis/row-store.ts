import {
  addressOf,
  type DatabaseLocation,
  type DatabaseName,
  type Databases,
} from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { RowAddress, RowFields, RowValues, RowWrite } from '../../contract/rows.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { RedisConnection } from './connection.ts';
import { LIST_KEYS, READ_ROWS, WRITE_ROWS } from './scripts.lua.ts';

/** A Redis on the same switch answers within a millisecond; one that takes longer than this is not well. */
const CALL_TIMEOUT_MS = 2_000;

interface Call<T> {
  readonly script: string;
  readonly input: unknown;
  /** Throws for an answer that makes no sense. */
  readonly decode: (reply: unknown) => T;
}

export class RedisRowStore implements RowStore {
  readonly #servers = new Map<string, RedisConnection>();
  #subscriptions: RedisConnection[] = [];
  #isWatching = false;

  readonly #databases: Databases;
  readonly #callTimeoutMs: number;
  readonly #onLost: () => void;

  /** `onLost` is called when a server has ended a connection: it may come back as another, and empty. */
  constructor(databases: Databases, callTimeoutMs = CALL_TIMEOUT_MS, onLost: () => void = () => {}) {
    this.#databases = databases;
    this.#callTimeoutMs = callTimeoutMs;
    this.#onLost = onLost;
  }

  get isWatching(): boolean {
    return this.#isWatching;
  }

  async read(rows: readonly RowFields[]): Promise<RowValues[]> {
    const results = new Map<RowFields, RowValues>();
    for (const [server, group] of this.groupByServer(rows, (row) => row.address)) {
      const wanted = group.map(({ address, fields }) => ({ ...this.locate(address), fields }));
      const decode = (reply: unknown) => {
        const lists = decodeList(reply, group.length);
        return group.map((row, i) => decodeValues(row.fields, lists[i]));
      };
      const found = await this.run(server, { script: READ_ROWS, input: wanted, decode });
      group.forEach((row, i) => results.set(row, { address: row.address, values: found[i] ?? {} }));
    }
    return rows.map((row) => results.get(row) ?? { address: row.address, values: {} });
  }

  async list(table: string, prefix: string): Promise<RowAddress[]> {
    const { endpoint, id, separator } = this.#databases.state;
    const start = `${table}${separator}`;
    // `prefix` is a checked name: nothing in it means anything to a pattern.
    const input = { db: id, pattern: `${start}${prefix}*` };
    const decode = (reply: unknown) => decodeList(reply).map((key) => decodeText(key) ?? '');
    const keys = await this.run(addressOf(endpoint), { script: LIST_KEYS, input, decode });
    return [...new Set(keys)].map((key) => ({ db: 'state', table, row: key.slice(start.length) }));
  }

  async write(guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    const primary = addressOf(this.#databases.state.endpoint);
    const [guardsHere, guardsElsewhere] = this.split(guards, primary);
    const [writesHere, writesElsewhere] = this.split(writes, primary);
    if (guardsElsewhere.length > 0 && !(await this.stillHold(guardsElsewhere))) return false;
    const done = await this.writeOn(primary, guardsHere, writesHere);
    if (!done) return false;
    for (const [server, group] of this.groupByServer(writesElsewhere, (write) => write.address)) {
      await this.writeOn(server, [], group);
    }
    return true;
  }

  async watch(rows: readonly RowAddress[], onChange: () => void): Promise<void> {
    this.unwatch();
    for (const [server, group] of this.groupByServer(rows, (address) => address)) {
      const connection = new RedisConnection(this.endpointOf(server), this.#callTimeoutMs);
      this.#subscriptions.push(connection);
      const channels = group.map((address) => {
        const { db, key } = this.locate(address);
        return `__keyspace@${db}__:${key}`;
      });
      await connection.run(async (client) => {
        client.on('message', onChange);
        await client.subscribe(...channels);
      });
      connection.onEnd(() => {
        if (!this.#subscriptions.includes(connection)) return;
        this.unwatch();
        onChange();
      });
    }
    this.#isWatching = true;
  }

  close(): void {
    this.unwatch();
    for (const connection of this.#servers.values()) connection.close();
    this.#servers.clear();
  }

  private unwatch(): void {
    this.#isWatching = false;
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    for (const connection of subscriptions) connection.close();
  }

  private async stillHold(guards: readonly RowValues[]): Promise<boolean> {
    const now = await this.read(
      guards.map(({ address, values }) => ({ address, fields: Object.keys(values) })),
    );
    return guards.every(({ values }, i) =>
      Object.entries(values).every(([field, value]) => now[i]?.values[field] === value),
    );
  }

  private async writeOn(
    server: string,
    guards: readonly RowValues[],
    writes: readonly RowWrite[],
  ): Promise<boolean> {
    const input = {
      guards: guards.map(({ address, values }) => ({
        ...this.locate(address),
        fields: Object.keys(values),
        values: Object.values(values).map((value) => value ?? null),
      })),
      writes: writes.map((write) =>
        write.kind === 'delete'
          ? { ...this.locate(write.address), delete: true }
          : {
              ...this.locate(write.address),
              set: Object.entries(write.values).flat(),
              remove: write.remove ?? [],
              ttlMs: write.ttlMs,
            },
      ),
    };
    return this.run(server, { script: WRITE_ROWS, input, decode: decodeDone });
  }

  private run<T>(server: string, { script, input, decode }: Call<T>): Promise<T> {
    let connection = this.#servers.get(server);
    if (connection === undefined) {
      connection = new RedisConnection(this.endpointOf(server), this.#callTimeoutMs, this.#onLost);
      this.#servers.set(server, connection);
    }
    return connection.run(async (client) => decode(await client.eval(script, 0, JSON.stringify(input))));
  }

  private locate({ db, table, row }: RowAddress): { db: number; key: string } {
    const { id, separator } = this.locationOf(db);
    return { db: id, key: `${table}${separator}${row}` };
  }

  private locationOf(db: DatabaseName): DatabaseLocation {
    const location = this.#databases[db];
    if (location === undefined) throw new CtrkitError('defect', `no ${db} database on a single-ASIC switch`);
    return location;
  }

  private endpointOf(server: string) {
    const { config, state, hostState } = this.#databases;
    const location = [state, config, hostState].find((one) => one && addressOf(one.endpoint) === server);
    return (location ?? state).endpoint;
  }

  private serverOf(address: RowAddress): string {
    return addressOf(this.locationOf(address.db).endpoint);
  }

  private split<T extends { address: RowAddress }>(items: readonly T[], server: string): [T[], T[]] {
    const here = items.filter((item) => this.serverOf(item.address) === server);
    return [here, items.filter((item) => !here.includes(item))];
  }

  private groupByServer<T>(items: readonly T[], addressOfItem: (item: T) => RowAddress): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const item of items) {
      const server = this.serverOf(addressOfItem(item));
      groups.set(server, [...(groups.get(server) ?? []), item]);
    }
    return groups;
  }
}

/** An answer that is none must not pass for rows that say nothing: `decode` throws. */
function assertSense(makesSense: boolean): asserts makesSense {
  if (!makesSense) throw new Error('its answer is not one to what was asked; is it a Redis?');
}

/** `length` is how many entries were asked for. */
function decodeList(reply: unknown, length?: number): unknown[] {
  assertSense(Array.isArray(reply) && (length === undefined || reply.length === length));
  return reply as unknown[];
}

function decodeText(reply: unknown): string | undefined {
  assertSense(reply === null || typeof reply === 'string');
  return reply ?? undefined;
}

function decodeValues(fields: readonly string[], reply: unknown): Record<string, string | undefined> {
  const values = decodeList(reply, fields.length);
  return Object.fromEntries(fields.map((field, i) => [field, decodeText(values[i])]));
}

function decodeDone(reply: unknown): boolean {
  assertSense(reply === 1 || reply === 0);
  return reply === 1;
}
