import type { DatabaseName } from '../../src/contract/databases.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import type { RowAddress, RowFields, RowValues, RowWrite } from '../../src/contract/rows.ts';
import type { ConditionedRows, RowStore, StoreCondition } from '../../src/ports/row-store.ts';
import { findDigest, isExpected, toText, type StoredValue } from './stored-value.ts';

/** Numbers of the databases, as on a switch. */
const NUMBERS: Readonly<Record<DatabaseName, number>> = { config: 4, state: 6, hostState: 6 };

/** Redis' word for a key that is no hash, as the store passes it on. */
function describeWrongType({ db, table, row }: RowAddress): string {
  const key = `${table}|${row}`;
  return `WRONGTYPE ${key} is a string, not a hash; redis-cli -n ${NUMBERS[db]} TYPE "${key}" shows it, DEL removes it`;
}

interface StoredRow {
  readonly fields: Map<string, StoredValue>;
  /** On the given clock; Infinity for a row that stays. */
  expiresMs: number;
}

type Listener = (keys: ReadonlySet<string> | 'all') => void;

const keyOf = ({ db, table, row }: RowAddress): string => JSON.stringify([db, table, row]);

/**
 * The databases of one switch, in memory. Every store opened on it sees the same rows; each call is one step, on
 * whichever server a real row would be. Time is the caller's: a row expires with the first call after its time.
 */
export class FakeDatabases {
  readonly #rows = new Map<string, StoredRow>();
  /** The keys that are texts. */
  readonly #texts = new Set<string>();
  readonly #listeners = new Set<Listener>();
  readonly #nowMs: () => number;
  readonly #names: ReadonlySet<DatabaseName>;
  #outage: string | undefined;
  #refusal = '';
  /** What the server answers to whoever watches rows; empty where it lets them. */
  watchRefusal = '';
  #servers = 1;
  /** An old server, unless a test restarts it. */
  #startedMs = -Infinity;

  /** `nowMs` gives milliseconds; `hostState` is a database of multi-ASIC switches only. */
  constructor(nowMs: () => number, names: readonly DatabaseName[] = ['config', 'state']) {
    this.#nowMs = nowMs;
    this.#names = new Set(names);
  }

  open(): RowStore {
    return new FakeRowStore(this);
  }

  /** From now on every call fails and every watch ends, as with a server that was killed. */
  goDown(text = 'connect ECONNREFUSED'): void {
    this.#outage = text;
    this.notify('all');
  }

  comeBack(): void {
    this.#outage = undefined;
  }

  /** From now on every write is refused, as by a server out of memory; the empty text ends that. */
  refuseWrites(text: string): void {
    this.#refusal = text;
  }

  /** Another process, as with a server that was killed and started again with what it had saved; every watch ends. */
  restart(): void {
    this.#servers += 1;
    this.#startedMs = this.#nowMs();
    const outage = this.#outage;
    this.goDown('restarting');
    queueMicrotask(() => (this.#outage = outage));
  }

  condition(): StoreCondition {
    const uptimeMs = Math.floor((this.#nowMs() - this.#startedMs) / 1_000) * 1_000;
    return { serverId: `server-${this.#servers}`, uptimeMs, refusal: this.#refusal };
  }

  /** Everything is gone, as after a server came back empty. */
  flush(): void {
    this.#rows.clear();
    this.#texts.clear();
    this.notify('all');
  }

  /** What somebody else writes who takes the row for a text: the key is no hash any more, until it is deleted. */
  putText(address: RowAddress): void {
    this.#rows.delete(keyOf(address));
    this.#texts.add(keyOf(address));
    this.notify(new Set([keyOf(address)]));
  }

  /** A row as it is, undefined if there is none. */
  row(address: RowAddress): Record<string, string> | undefined {
    const found = this.fieldsOf(address);
    return found && Object.fromEntries([...found].map(([field, value]) => [field, toText(value)]));
  }

  /** What somebody else writes: some fields of one row. */
  put(address: RowAddress, values: Readonly<Record<string, string>>): void {
    this.apply([{ kind: 'set', address, values }]);
  }

  /** What somebody else writes who does not care for text. */
  putBytes(address: RowAddress, field: string, bytes: Buffer): void {
    this.put(address, { [field]: '' });
    this.#rows.get(keyOf(address))?.fields.set(field, bytes);
  }

  /** Lets rows go whose time is over, and tells who watches them. */
  expire(): void {
    const over = [...this.#rows].filter(([, row]) => row.expiresMs <= this.#nowMs()).map(([key]) => key);
    for (const key of over) this.#rows.delete(key);
    if (over.length > 0) this.notify(new Set(over));
  }

  /** A server out of memory still deletes, and takes values from a call that has deleted something. */
  canFree(writes: readonly RowWrite[]): boolean {
    return this.#refusal.startsWith('OOM') && writes.some((write) => 'removeIfFull' in write);
  }

  assertWritable(): void {
    this.assertUp();
    if (this.#refusal === '') return;
    throw new CtrkitError('database', `Redis at fake:// can't be used: ${this.#refusal}`);
  }

  assertUp(): void {
    if (this.#outage === undefined) return;
    throw new CtrkitError('database', `Redis at fake:// can't be used: ${this.#outage}`);
  }

  addresses(): RowAddress[] {
    this.expire();
    return [...this.#rows.keys()].map((key) => {
      const [db, table, row] = JSON.parse(key) as [DatabaseName, string, string];
      return { db, table, row };
    });
  }

  read({ address, fields, isDispensable }: RowFields): RowValues {
    this.assertKnown(address);
    if (isDispensable === true && this.isText(address)) {
      const none = Object.fromEntries(fields.map((field) => [field, undefined]));
      return { address, problem: describeWrongType(address), values: none };
    }
    this.assertHash(address);
    const found = this.fieldsOf(address);
    const values = fields.map((field) => [field, found?.get(field)] as const);
    const digests = values.flatMap(([field, value]) => {
      const digest = value === undefined ? undefined : findDigest(value);
      return digest === undefined ? [] : [[field, digest]];
    });
    const texts = values.map(([field, value]) => [field, value === undefined ? value : toText(value)]);
    const row = { address, values: Object.fromEntries(texts) as RowValues['values'] };
    return digests.length === 0 ? row : { ...row, digests: Object.fromEntries(digests) };
  }

  holds({ address, values, digests = {}, problem }: RowValues): boolean {
    this.assertKnown(address);
    if (problem !== undefined) return true;
    this.assertHash(address);
    const found = this.fieldsOf(address);
    return Object.entries(values).every(([field, value]) =>
      isExpected(found?.get(field), value, digests[field]),
    );
  }

  /** Returns what is wrong with the dispensable rows that were left out. */
  apply(writes: readonly RowWrite[]): string[] {
    this.expire();
    const isLeftOut = (write: RowWrite): boolean =>
      write.kind === 'set' && write.isDispensable === true && this.isText(write.address);
    for (const write of writes) {
      this.assertKnown(write.address);
      if (write.kind === 'set' && !isLeftOut(write)) this.assertHash(write.address);
    }
    const wanted = writes.filter((write) => !isLeftOut(write) && this.isWanted(write));
    for (const write of wanted) this.applyOne(write);
    this.notify(new Set(wanted.map(({ address }) => keyOf(address))));
    return writes.filter(isLeftOut).map(({ address }) => describeWrongType(address));
  }

  private isText(address: RowAddress): boolean {
    return this.#texts.has(keyOf(address));
  }

  private assertHash(address: RowAddress): void {
    if (!this.isText(address)) return;
    throw new CtrkitError('database', `Redis at fake:// can't be used: ${describeWrongType(address)}`);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  private fieldsOf(address: RowAddress): ReadonlyMap<string, StoredValue> | undefined {
    this.expire();
    return this.#rows.get(keyOf(address))?.fields;
  }

  private isWanted(write: RowWrite): boolean {
    if (write.kind === 'delete' || write.onlyIf === undefined) return true;
    return this.holds({ address: write.address, values: write.onlyIf });
  }

  private applyOne(write: RowWrite): void {
    const key = keyOf(write.address);
    if (write.kind === 'delete') {
      this.#rows.delete(key);
      this.#texts.delete(key);
      return;
    }
    const row = this.#rows.get(key) ?? { fields: new Map<string, StoredValue>(), expiresMs: Infinity };
    for (const [field, value] of Object.entries(write.values)) row.fields.set(field, value);
    for (const field of write.remove ?? []) row.fields.delete(field);
    if (write.ttlMs !== undefined) row.expiresMs = this.#nowMs() + write.ttlMs;
    // Redis keeps no empty hash.
    if (row.fields.size === 0) this.#rows.delete(key);
    else this.#rows.set(key, row);
  }

  private notify(keys: ReadonlySet<string> | 'all'): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(keys));
  }

  assertKnown({ db }: RowAddress): void {
    if (!this.#names.has(db)) throw new CtrkitError('defect', `no ${db} database on a single-ASIC switch`);
  }

  get isDown(): boolean {
    return this.#outage !== undefined;
  }
}

/** One client of the databases. */
class FakeRowStore implements RowStore {
  readonly #databases: FakeDatabases;
  #unlisten: (() => void) | undefined;

  constructor(databases: FakeDatabases) {
    this.#databases = databases;
  }

  get isWatching(): boolean {
    return this.#unlisten !== undefined;
  }

  async read(rows: readonly RowFields[]): Promise<RowValues[]> {
    this.#databases.assertUp();
    return rows.map((row) => this.#databases.read(row));
  }

  async readWithCondition(rows: readonly RowFields[], probe: RowAddress): Promise<ConditionedRows> {
    this.#databases.assertUp();
    this.#databases.assertKnown(probe);
    return { rows: rows.map((row) => this.#databases.read(row)), condition: this.#databases.condition() };
  }

  async list(table: string, prefix: string): Promise<RowAddress[]> {
    this.#databases.assertUp();
    return this.#databases
      .addresses()
      .filter((one) => one.db === 'state' && one.table === table && one.row.startsWith(prefix));
  }

  async write(
    guards: readonly RowValues[],
    writes: readonly RowWrite[],
    onLeftOut?: (problem: string) => void,
  ): Promise<boolean> {
    this.#databases.assertUp();
    if (!guards.every((guard) => this.#databases.holds(guard))) return false;
    if (writes.length > 0 && !this.#databases.canFree(writes)) this.#databases.assertWritable();
    for (const problem of this.#databases.apply(writes)) onLeftOut?.(problem);
    return true;
  }

  async watch(rows: readonly RowAddress[], onChange: () => void): Promise<{ readonly refusal: string }> {
    this.close();
    this.#databases.assertUp();
    const { watchRefusal: refusal } = this.#databases;
    if (refusal !== '') return { refusal };
    const watched = new Set(rows.map((address) => keyOf(address)));
    const unlisten = this.#databases.listen((keys) => {
      if (this.#unlisten !== unlisten) return;
      if (this.#databases.isDown) this.close();
      else if (keys !== 'all' && ![...keys].some((key) => watched.has(key))) return;
      onChange();
    });
    this.#unlisten = unlisten;
    return { refusal: '' };
  }

  close(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }
}
