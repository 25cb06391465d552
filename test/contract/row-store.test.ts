import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { RedisRowStore } from '../../src/adapters/redis/row-store.ts';
import type { DatabaseName, Databases } from '../../src/contract/databases.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import {
  asDispensable,
  featureConfigRow,
  featureStatusRow,
  healthRow,
  holdRow,
  hostStatusRow,
  type RowAddress,
  type RowValues,
  type RowWrite,
} from '../../src/contract/rows.ts';
import { labelsRow } from '../../src/contract/cluster/feature-labels.ts';
import type { RowStore } from '../../src/ports/row-store.ts';
import { FakeDatabases } from '../support/fake-row-store.ts';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** Never reached by a call that is to succeed, however slow the machine. */
const PATIENT_MS = 30_000;

const CONFIG = featureConfigRow('snmp');
const STATUS = featureStatusRow('snmp');
const HEALTH = healthRow('snmp');

/** The databases of a switch, and ways to them that are not the store's. */
interface Backend {
  /** Single-ASIC: one server; multi-ASIC: CONFIG_DB and the host's STATE_DB on one, the ASIC's STATE_DB on another. */
  readonly isMultiAsic: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  flush(): Promise<void>;
  /** One client more. */
  open(): RowStore;
  /** The row as others see it, undefined if there is none. */
  look(address: RowAddress): Promise<Record<string, string> | undefined>;
  put(address: RowAddress, values: Readonly<Record<string, string>>): Promise<void>;
  putBytes(address: RowAddress, field: string, bytes: Buffer): Promise<void>;
  /** The key becomes a text. */
  putText(address: RowAddress): Promise<void>;
  /** From now on the server of STATE_DB refuses every write, and still reads. Returns what its refusal begins with. */
  refuseWrites(why: Refusal): Promise<string>;
  acceptWrites(): Promise<void>;
  /** The server of STATE_DB ends and comes back, empty. */
  restart(): Promise<void>;
}

/** Out of memory, a replica, and a server that could not save its data. */
const REFUSALS = ['OOM', 'READONLY', 'MISCONF'] as const;
type Refusal = (typeof REFUSALS)[number];

function fakeBackend(isMultiAsic: boolean): Backend {
  const names: DatabaseName[] = ['config', 'state', ...(isMultiAsic ? (['hostState'] as const) : [])];
  const databases = new FakeDatabases(() => performance.now(), names);
  return {
    isMultiAsic,
    start: async () => {},
    stop: async () => {},
    flush: async () => databases.flush(),
    open: () => databases.open(),
    look: async (address) => databases.row(address),
    put: async (address, values) => databases.put(address, values),
    putBytes: async (address, field, bytes) => databases.putBytes(address, field, bytes),
    putText: async (address) => databases.putText(address),
    refuseWrites: async (why) => {
      databases.refuseWrites(`${why} no writes`);
      return why;
    },
    acceptWrites: async () => databases.refuseWrites(''),
    restart: async () => {
      databases.flush();
      databases.restart();
    },
  };
}

function realBackend(isMultiAsic: boolean): Backend {
  const host = new RedisServer();
  const asic = isMultiAsic ? new RedisServer() : host;
  const databases: Databases = {
    ...host.databases,
    state: asic.at(6),
    ...(isMultiAsic ? { hostState: host.at(6), asic: '0' } : {}),
  };
  const servers = new Set([host, asic]);
  const serverOf = ({ db }: RowAddress): RedisServer => (db === 'state' ? asic : host);
  const at = ({ db, table, row }: RowAddress, verb: string): string[] => [
    '-n',
    db === 'config' ? '4' : '6',
    verb,
    `${table}|${row}`,
  ];
  return {
    isMultiAsic,
    start: async () => {
      for (const server of servers) await server.start();
    },
    stop: async () => {
      for (const server of servers) await server.stop();
    },
    flush: async () => {
      for (const server of servers) await server.flush();
    },
    open: () => new RedisRowStore(databases, PATIENT_MS),
    look: async (address) => {
      const found = JSON.parse(await serverOf(address).cli('--json', ...at(address, 'HGETALL'))) as Record<
        string,
        string
      >;
      return Object.keys(found).length === 0 ? undefined : found;
    },
    put: async (address, values) => {
      await serverOf(address).cli(...at(address, 'HSET'), ...Object.entries(values).flat());
    },
    refuseWrites: async (why) => {
      await REFUSE[why](asic);
      return why;
    },
    acceptWrites: async () => {
      await asic.cli('CONFIG', 'SET', 'maxmemory', '0', 'save', '');
      await asic.cli('REPLICAOF', 'NO', 'ONE');
      rmSync(join(asic.directory, 'dump.rdb'), { recursive: true, force: true });
    },
    restart: async () => {
      await asic.kill();
      await asic.start();
    },
    putText: async (address) => {
      await serverOf(address).cli(...at(address, 'SET'), 'a text');
    },
    putBytes: async (address, field, bytes) => {
      // An argument of a process is text; a script makes the bytes of numbers.
      const script = `redis.call('HSET', KEYS[1], ARGV[1], string.char(unpack(cjson.decode(ARGV[2]))))`;
      const [at1 = '', db = '', , key = ''] = at(address, '');
      const made = JSON.stringify([...bytes]);
      await serverOf(address).cli(at1, db, 'EVAL', script, '1', key, field, made);
    },
  };
}

const REFUSE: Readonly<Record<Refusal, (server: RedisServer) => Promise<void>>> = {
  OOM: async (server) => {
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
  },
  READONLY: async (server) => {
    // A master that is not there: a replica without its master still reads.
    await server.cli('REPLICAOF', '127.0.0.1', '1');
  },
  MISCONF: async (server) => {
    // Where a folder has the file's name, the save fails, whoever runs it.
    mkdirSync(join(server.directory, 'dump.rdb'), { recursive: true });
    await server.cli('CONFIG', 'SET', 'save', '3600 1');
    await until('a save has failed', async () => {
      await server.cli('BGSAVE');
      return /rdb_last_bgsave_status:err/.test(await server.cli('INFO', 'persistence'));
    });
  },
};

const set = (address: RowAddress, values: Readonly<Record<string, string>>): RowWrite => ({
  kind: 'set',
  address,
  values,
});

const guard = (address: RowAddress, values: RowValues['values']): RowValues => ({ address, values });

const BACKENDS = {
  'the fake': () => fakeBackend(false),
  'the fake, multi-ASIC': () => fakeBackend(true),
  'a real Redis': () => realBackend(false),
  'two real Redis, multi-ASIC': () => realBackend(true),
} as const;

for (const [name, create] of Object.entries(BACKENDS)) {
  describe(`rows on ${name}`, { timeout: 600_000 }, () => {
    const backend = create();
    const stores: RowStore[] = [];
    let store: RowStore;

    const open = (): RowStore => {
      const one = backend.open();
      stores.push(one);
      return one;
    };
    before(async () => {
      await backend.start();
      store = open();
    });
    after(async () => {
      for (const one of stores) one.close();
      await backend.stop();
    });
    beforeEach(() => backend.flush());

    describe('reading', () => {
      test('a row that is not there has none of its fields', async () => {
        assert.deepEqual(await store.read([{ address: STATUS, fields: ['current_owner', 'docker_id'] }]), [
          { address: STATUS, values: { current_owner: undefined, docker_id: undefined } },
        ]);
      });

      test('a field that is not there is undefined, one that is empty is empty', async () => {
        await backend.put(STATUS, { current_owner: 'kube', docker_id: '' });
        const [row] = await store.read([
          { address: STATUS, fields: ['docker_id', 'claim_ms', 'current_owner'] },
        ]);
        assert.deepEqual(row?.values, { docker_id: '', claim_ms: undefined, current_owner: 'kube' });
      });

      test('only the fields that were asked for are told', async () => {
        await backend.put(STATUS, { current_owner: 'kube', secret: 'x' });
        const [row] = await store.read([{ address: STATUS, fields: ['current_owner'] }]);
        assert.deepEqual(row?.values, { current_owner: 'kube' });
      });

      test('rows come in the order asked, whichever database each is in', async () => {
        await backend.put(CONFIG, { set_owner: 'kube' });
        await backend.put(STATUS, { set_owner: 'not this one' });
        await backend.put(HEALTH, { seq: '7' });
        const rows = await store.read([
          { address: HEALTH, fields: ['seq'] },
          { address: CONFIG, fields: ['set_owner'] },
          { address: labelsRow('state'), fields: ['snmp_local'] },
          { address: STATUS, fields: ['set_owner'] },
        ]);
        assert.deepEqual(
          rows.map(({ address, values }) => [address, Object.values(values)[0]]),
          [
            [HEALTH, '7'],
            [CONFIG, 'kube'],
            [labelsRow('state'), undefined],
            [STATUS, 'not this one'],
          ],
        );
      });

      test('the same row twice is told twice', async () => {
        await backend.put(STATUS, { current_owner: 'kube', docker_id: 'abc' });
        const rows = await store.read([
          { address: STATUS, fields: ['current_owner'] },
          { address: STATUS, fields: ['docker_id'] },
        ]);
        assert.deepEqual(
          rows.map(({ values }) => values),
          [{ current_owner: 'kube' }, { docker_id: 'abc' }],
        );
      });

      test('nothing to read is nothing read', async () => assert.deepEqual(await store.read([]), []));
    });

    describe('reading with the condition of the server', () => {
      const PROBE = holdRow('snmp', 'abc', '|');
      const ROWS = [
        { address: CONFIG, fields: ['set_owner'] },
        { address: STATUS, fields: ['current_owner', 'docker_id'] },
      ];

      test('the rows are those that a reading finds, and the probe leaves nothing behind (G2)', async () => {
        await backend.put(CONFIG, { set_owner: 'kube' });
        await backend.put(STATUS, { current_owner: 'kube' });
        const { rows, condition } = await store.readWithCondition(ROWS, PROBE);
        assert.deepEqual(rows, await store.read(ROWS));
        assert.equal(condition.refusal, '');
        assert.ok(condition.uptimeMs >= 0);
        assert.equal(await backend.look(PROBE), undefined);
      });

      test('a row that is there stays as it is, its time to live too (G2)', async () => {
        await store.write([], [{ ...set(PROBE, { reason: 'x' }), ttlMs: 400 } as RowWrite]);
        await store.readWithCondition(ROWS, PROBE);
        assert.deepEqual(await backend.look(PROBE), { reason: 'x' });
        await until('the row is gone', async () => (await backend.look(PROBE)) === undefined);
      });

      test('nothing to read is the condition alone', async () => {
        const { rows, condition } = await store.readWithCondition([], PROBE);
        assert.deepEqual(rows, []);
        assert.equal(condition.refusal, '');
      });

      for (const why of REFUSALS)
        test(`a server that refuses writes with ${why} still reads, and the refusal is told (G2)`, async () => {
          await backend.put(STATUS, { current_owner: 'kube' });
          const start = await backend.refuseWrites(why);
          try {
            const { rows, condition } = await store.readWithCondition(ROWS, PROBE);
            assert.equal(rows[1]?.values['current_owner'], 'kube');
            assert.ok(condition.refusal.startsWith(start), condition.refusal);
            await assert.rejects(store.write([], [set(STATUS, { a: '1' })]), new RegExp(start));
          } finally {
            await backend.acceptWrites();
          }
          const { condition } = await store.readWithCondition(ROWS, PROBE);
          assert.equal(condition.refusal, '');
        });

      test('the server is the same with every reading, until it is started again (G2)', async () => {
        const read = async () => (await store.readWithCondition(ROWS, PROBE)).condition;
        const first = await read();
        assert.notEqual(first.serverId, '');
        assert.equal((await read()).serverId, first.serverId);
        await backend.restart();
        const other = await until('the server answers again', () => read().catch(() => undefined));
        assert.notEqual(other.serverId, first.serverId);
        assert.ok(other.uptimeMs < 600_000);
      });
    });

    describe('writing', () => {
      test('a row is made, its other fields are left alone', async () => {
        assert.equal(await store.write([], [set(STATUS, { current_owner: 'kube' })]), true);
        await backend.put(STATUS, { up_status: 'true' });
        assert.equal(await store.write([], [set(STATUS, { current_owner: 'local' })]), true);
        assert.deepEqual(await backend.look(STATUS), { current_owner: 'local', up_status: 'true' });
      });

      test('fields that are to go, go; one that is not there is no trouble', async () => {
        await backend.put(STATUS, { pending_token: 't', docker_id: 'abc' });
        const write: RowWrite = {
          kind: 'set',
          address: STATUS,
          values: { a: '1' },
          remove: ['pending_token', 'none'],
        };
        assert.equal(await store.write([], [write]), true);
        assert.deepEqual(await backend.look(STATUS), { docker_id: 'abc', a: '1' });
      });

      test('a row is deleted; one that is not there is no trouble', async () => {
        const address = holdRow('snmp', 'abc', '|');
        await backend.put(address, { reason: 'system-not-up' });
        for (let times = 0; times < 2; times++)
          assert.equal(await store.write([], [{ kind: 'delete', address }]), true);
        assert.equal(await backend.look(address), undefined);
      });

      test('a row with a time to live goes by itself, and not before', async () => {
        const address = holdRow('snmp', 'abc', '|');
        const startMs = performance.now();
        await store.write([], [{ ...set(address, { reason: 'x' }), ttlMs: 400 } as RowWrite]);
        await until('the row is gone', async () => (await backend.look(address)) === undefined);
        assert.ok(performance.now() - startMs >= 398);
      });

      test('each renewal begins its time to live anew, and a write without one leaves it', async () => {
        const address = holdRow('snmp', 'abc', '|');
        await store.write([], [{ ...set(address, { reason: 'x' }), ttlMs: 100 } as RowWrite]);
        await store.write([], [{ ...set(address, { reason: 'y' }), ttlMs: 86_400_000 } as RowWrite]);
        const startMs = performance.now();
        await until('the first time is over', () => performance.now() > startMs + 150);
        assert.deepEqual(await backend.look(address), { reason: 'y' });

        await store.write([], [{ ...set(address, { reason: 'z' }), ttlMs: 100 } as RowWrite]);
        await store.write([], [set(address, { text: 'no time to live here' })]);
        await until('the row is gone', async () => (await backend.look(address)) === undefined);
      });

      test('several rows, in several databases, are written with one call, in order', async () => {
        const writes = [
          set(STATUS, { a: '1' }),
          set(CONFIG, { b: '2' }),
          set(STATUS, { a: '3' }),
          set(labelsRow('state'), { snmp_local: '1.0' }),
        ];
        assert.equal(await store.write([], writes), true);
        assert.deepEqual(await backend.look(STATUS), { a: '3' });
        assert.deepEqual(await backend.look(CONFIG), { b: '2' });
        assert.deepEqual(await backend.look(labelsRow('state')), { snmp_local: '1.0' });
      });

      test('nothing to write is no trouble', async () => assert.equal(await store.write([], []), true));
    });

    describe('guards', () => {
      const AFTER = [set(STATUS, { current_owner: 'kube' }), set(HEALTH, { seq: '1' })];

      test('one that holds lets everything through', async () => {
        await backend.put(STATUS, { claim_token: 'mine' });
        assert.equal(await store.write([guard(STATUS, { claim_token: 'mine' })], AFTER), true);
        assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
      });

      test('one of many that does not hold lets nothing through (D5)', async () => {
        await backend.put(STATUS, { claim_token: 'mine' });
        await backend.put(CONFIG, { set_owner: 'kube' });
        const good = [guard(STATUS, { claim_token: 'mine' }), guard(CONFIG, { set_owner: 'kube' })];
        const bad = [
          guard(STATUS, { claim_token: 'theirs' }),
          guard(STATUS, { claim_token: 'mine', docker_id: 'abc' }),
          guard(HEALTH, { seq: '1' }),
          guard(CONFIG, { set_owner: 'local' }),
        ];
        for (const one of bad)
          for (const guards of [
            [one, ...good],
            [...good, one],
          ])
            assert.equal(await store.write(guards, AFTER), false, JSON.stringify(one.values));
        assert.deepEqual(await backend.look(STATUS), { claim_token: 'mine' });
        assert.equal(await backend.look(HEALTH), undefined);
      });

      test('a field that is not there is not one that is empty', async () => {
        const absent = guard(STATUS, { docker_id: undefined });
        const empty = guard(STATUS, { docker_id: '' });
        assert.equal(await store.write([empty], AFTER), false, 'no row at all');
        assert.equal(await store.write([absent], [set(STATUS, { other: 'x' })]), true);
        assert.equal(await store.write([empty], AFTER), false, 'no such field');
        await backend.put(STATUS, { docker_id: '' });
        assert.equal(await store.write([absent], AFTER), false, 'an empty field');
        assert.equal(await store.write([empty], AFTER), true);
      });

      test('a row that was read is a guard as it is, until somebody changes a field of it', async () => {
        await backend.put(STATUS, { claim_token: 'mine', docker_id: '' });
        const rows = await store.read([
          { address: STATUS, fields: ['claim_token', 'docker_id', 'claim_ms'] },
          { address: CONFIG, fields: ['set_owner'] },
        ]);
        await backend.put(STATUS, { up_status: 'true' });
        assert.equal(await store.write(rows, [set(HEALTH, { seq: '1' })]), true, 'a field that was not read');
        await backend.put(CONFIG, { set_owner: 'kube' });
        assert.equal(
          await store.write(rows, [set(HEALTH, { seq: '2' })]),
          false,
          'a field that was not there',
        );
        assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
      });

      test('texts are compared as texts, whole, with their letter case', async () => {
        await backend.put(STATUS, { a: '1' });
        for (const text of ['1.0', '01', ' 1', '1 ', '', '11'])
          assert.equal(await store.write([guard(STATUS, { a: text })], AFTER), false, text);
        await backend.put(STATUS, { a: 'Kube' });
        assert.equal(await store.write([guard(STATUS, { a: 'kube' })], AFTER), false);
      });
    });

    describe('texts', () => {
      const texts = {
        'quotes and backslashes': `"'\\"\\\\'\`$`,
        'line ends and tabs': 'a\nb\r\nc\td\n',
        'what other languages take for a value': 'null',
        'what looks like a number': '0012e3',
        'letters of all planes': 'é ß 名 \u{1f600} \u{10ffff} \u2028',
        'control characters, NUL included': '\0\u0001\u001b[31m\u007f\u009b',
        'what means something to scripts and formats': '%s %d {} [] ]] --[[ %q {"a":1} $1 *?[a-z]',
        'a hundred kilobytes': 'é"\\\n'.repeat(20_000) + 'end',
      };
      for (const [what, text] of Object.entries(texts))
        test(`${what} are written, read and compared as they are`, async () => {
          const address = holdRow('snmp', 'abc', '|');
          assert.equal(await store.write([], [set(address, { text })]), true);
          const [row] = await store.read([{ address, fields: ['text'] }]);
          assert.equal(row?.values['text'], text);
          assert.ok(row);
          assert.equal(await store.write([row], [set(address, { text: `${text}!` })]), true);
          assert.equal(await store.write([row], [set(address, { text: 'late' })]), false);
        });
    });

    describe('what is not UTF-8', () => {
      const BYTES = {
        'one byte': Buffer.from([0xff]),
        'a text cut in the middle of a letter': Buffer.from('naïve').subarray(0, 3),
        'the mark of an unreadable byte, as text': Buffer.from('\ufffd'),
      };
      for (const [what, bytes] of Object.entries(BYTES))
        test(`${what}: a row with it can be guarded by what was read, and written (G20)`, async () => {
          await backend.putBytes(STATUS, 'pending_token', bytes);
          const fields = ['pending_token', 'current_owner', 'none'];
          const [row] = await store.read([{ address: STATUS, fields }]);
          assert.ok(row);
          assert.equal(row.values['pending_token'], bytes.toString());
          assert.equal(await store.write([row], [set(STATUS, { current_owner: 'kube' })]), true);
          // The guard held once; the row is another one now.
          assert.equal(await store.write([row], [set(STATUS, { current_owner: 'local' })]), false);
          assert.equal((await backend.look(STATUS))?.['current_owner'], 'kube');
        });

      test('other bytes that read as the same text are another value (G20)', async () => {
        await backend.putBytes(STATUS, 'pending_token', Buffer.from([0xff]));
        const rows = await store.read([{ address: STATUS, fields: ['pending_token'] }]);
        await backend.putBytes(STATUS, 'pending_token', Buffer.from([0xfe]));
        assert.deepEqual(
          (await store.read([{ address: STATUS, fields: ['pending_token'] }]))[0]?.values,
          rows[0]?.values,
        );
        assert.equal(await store.write(rows, [set(STATUS, { a: '1' })]), false);
      });

      test('a guard that expects a text instead of what was read compares the text (G20)', async () => {
        await backend.putBytes(STATUS, 'remote_state', Buffer.from([0xff]));
        const [row] = await store.read([{ address: STATUS, fields: ['remote_state'] }]);
        assert.ok(row);
        const running = { ...row, values: { ...row.values, remote_state: 'running' } };
        assert.equal(await store.write([running], [set(STATUS, { a: '1' })]), false);
        await backend.put(STATUS, { remote_state: 'running' });
        assert.equal(await store.write([running], [set(STATUS, { a: '1' })]), true);
      });

      test('digests are told of what is not plain ASCII, and of nothing else', async () => {
        await backend.put(STATUS, { a: 'plain', b: '' });
        await backend.putBytes(STATUS, 'c', Buffer.from([0x80]));
        const [row] = await store.read([{ address: STATUS, fields: ['a', 'b', 'c', 'd'] }]);
        assert.deepEqual(Object.keys(row?.digests ?? {}), ['c']);
      });
    });

    describe('a write with a condition of its own', () => {
      const stopped = (onlyIf: RowValues['values']): RowWrite => ({
        kind: 'set',
        address: STATUS,
        values: { remote_state: 'stopped' },
        onlyIf,
      });

      test('is made where its row has these values in that step, with all the others (G9)', async () => {
        await backend.put(STATUS, { remote_state: 'running' });
        const writes = [set(HEALTH, { seq: '1' }), stopped({ remote_state: 'running', none: undefined })];
        assert.equal(await store.write([], writes), true);
        assert.deepEqual(await backend.look(STATUS), { remote_state: 'stopped' });
        assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
      });

      test('is left out where its row has others, and the others are made all the same (G9)', async () => {
        await backend.put(STATUS, { remote_state: 'none' });
        const writes = [stopped({ remote_state: 'running' }), set(HEALTH, { seq: '1' })];
        assert.equal(await store.write([], writes), true);
        assert.deepEqual(await backend.look(STATUS), { remote_state: 'none' });
        assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
      });

      test('makes no row that is not there (G9)', async () => {
        assert.equal(await store.write([], [stopped({ remote_state: 'running' })]), true);
        assert.equal(await backend.look(STATUS), undefined);
      });
    });

    describe('a key that is no hash', () => {
      const named = (table: string): RegExp =>
        new RegExp(
          `WRONGTYPE ${table}\\|\\S+ is a string, not a hash; redis-cli -n 6 TYPE .* shows it, DEL removes it$`,
        );
      const LABELS = labelsRow('state');
      const label: RowWrite = asDispensable(set(LABELS, { snmp_local: '1.0' }));
      const claim = set(STATUS, { current_owner: 'local' });

      test('fails each call that needs it, which is named, and changes nothing (F8)', async () => {
        await backend.putText(HEALTH);
        const read = [{ address: HEALTH, fields: ['seq'] }];
        await assert.rejects(store.read(read), named('CONTAINER_HEALTH'));
        await assert.rejects(store.readWithCondition(read, HEALTH), named('CONTAINER_HEALTH'));
        await assert.rejects(store.write([], [claim, set(HEALTH, { seq: '1' })]), named('CONTAINER_HEALTH'));
        await assert.rejects(
          store.write([guard(HEALTH, { seq: undefined })], [claim]),
          named('CONTAINER_HEALTH'),
        );
        assert.equal(await backend.look(STATUS), undefined);
      });

      test('is told where its row is dispensable, and hides no other; the row is no guard then (F8)', async () => {
        await backend.putText(HEALTH);
        await backend.put(STATUS, { current_owner: 'kube' });
        const wanted = [
          { address: HEALTH, fields: ['seq', 'status'], isDispensable: true },
          { address: STATUS, fields: ['current_owner'], isDispensable: true },
        ];
        const rows = await store.read(wanted);
        assert.match(rows[0]?.problem ?? '', named('CONTAINER_HEALTH'));
        assert.deepEqual(rows[0]?.values, { seq: undefined, status: undefined });
        assert.deepEqual(rows[1], { address: STATUS, values: { current_owner: 'kube' } });
        const { rows: again, condition } = await store.readWithCondition(wanted, HEALTH);
        assert.deepEqual([again, condition.refusal], [rows, '']);
        assert.equal(await store.write(rows, [set(STATUS, { current_owner: 'none' })]), true);
        assert.deepEqual(await backend.look(STATUS), { current_owner: 'none' });
      });

      test('leaves out a dispensable write alone, and says so (F8)', async () => {
        await backend.putText(LABELS);
        const problems: string[] = [];
        const writes = [label, claim, set(HEALTH, { seq: '1' })];
        assert.equal(await store.write([], writes, (problem) => problems.push(problem)), true);
        assert.equal(problems.length, 1);
        assert.match(problems[0] ?? '', named('KUBE_LABELS'));
        assert.deepEqual(await backend.look(STATUS), { current_owner: 'local' });
        assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
        assert.equal(await store.write([guard(HEALTH, { seq: '2' })], writes, () => assert.fail()), false);
      });

      test('a dispensable write to a row that is a hash is made (F8)', async () => {
        assert.equal(await store.write([], [claim, label], () => assert.fail()), true);
        assert.deepEqual(await backend.look(LABELS), { snmp_local: '1.0' });
      });

      test('is no row of a list, and can be deleted', async () => {
        const address = holdRow('snmp', 'abc', '|');
        await backend.putText(address);
        assert.deepEqual(await store.list('CONTAINER_HOLD', 'snmp|'), []);
        assert.equal(await store.write([], [{ kind: 'delete', address }]), true);
        assert.equal(await store.write([], [set(address, { a: '1' })]), true);
      });
    });

    test('a server without memory refuses values, but takes a release with all beside it (G21)', async () => {
      await backend.put(STATUS, { current_owner: 'kube', claim_token: 't' });
      const asRead = [guard(STATUS, { claim_token: 't' })];
      const release = set(STATUS, { current_owner: 'none', claim_token: '' });
      await backend.refuseWrites('OOM');
      try {
        await assert.rejects(store.write(asRead, [set(HEALTH, { seq: '1' }), release]), /OOM/);
        const removing: RowWrite = { ...release, removeIfFull: ['current_owner', 'claim_token'] } as RowWrite;
        assert.equal(await store.write(asRead, [set(HEALTH, { seq: '1' }), removing]), true);
      } finally {
        await backend.acceptWrites();
      }
      assert.deepEqual(await backend.look(STATUS), { current_owner: 'none', claim_token: '' });
      assert.deepEqual(await backend.look(HEALTH), { seq: '1' });
    });

    describe('listing', () => {
      test('the rows of that table and beginning, each once, and of no other', async () => {
        const here = ['snmp|aaa', 'snmp|bbb', 'snmp|'];
        for (const row of here) await backend.put({ db: 'state', table: 'CONTAINER_HOLD', row }, { a: '1' });
        await backend.put({ db: 'state', table: 'CONTAINER_HOLD', row: 'snmp2|ccc' }, { a: '1' });
        await backend.put({ db: 'state', table: 'CONTAINER_HOLD2', row: 'snmp|ddd' }, { a: '1' });
        await backend.put({ db: 'config', table: 'CONTAINER_HOLD', row: 'snmp|eee' }, { a: '1' });
        const rows = await store.list('CONTAINER_HOLD', 'snmp|');
        assert.deepEqual(
          rows.toSorted((a, b) => (a.row < b.row ? -1 : 1)),
          here.toSorted().map((row) => ({ db: 'state', table: 'CONTAINER_HOLD', row })),
        );
      });

      test('nothing there is an empty list', async () =>
        assert.deepEqual(await store.list('FEATURE', ''), []));

      test('thousands of rows are all told', async () => {
        const rows = Array.from({ length: 3_000 }, (_, i) => `snmp|${i}`);
        const writes = rows.map((row) => set({ db: 'state', table: 'CONTAINER_HOLD', row }, { a: '1' }));
        await store.write([], writes);
        const found = await store.list('CONTAINER_HOLD', 'snmp|');
        assert.deepEqual(found.map(({ row }) => row).toSorted(), rows.toSorted());
      });
    });

    describe('watching', () => {
      /** Counts what one client is told. */
      class Watch {
        readonly store = open();
        changes = 0;

        async start(...rows: readonly RowAddress[]): Promise<this> {
          await this.store.watch(rows, () => (this.changes += 1));
          return this;
        }

        /** Does something, and waits until it is told. */
        async sees(what: string, change: () => Promise<unknown>): Promise<void> {
          const since = this.changes;
          await change();
          await until(`${what} is told`, () => this.changes > since);
        }
      }

      test('a row that is set, changed or deleted wakes whoever watches it (D8)', async () => {
        const watch = await new Watch().start(CONFIG, STATUS);
        assert.equal(watch.store.isWatching, true);
        await watch.sees('a row that somebody set', () => backend.put(CONFIG, { state: 'disabled' }));
        await watch.sees('a row that the kit wrote', () =>
          store.write([], [set(STATUS, { a: '1', b: '1' })]),
        );
        await watch.sees('a row that was deleted', () =>
          store.write([], [{ kind: 'delete', address: STATUS }]),
        );
      });

      test('a row that expires wakes whoever watches it', async () => {
        const hold = holdRow('snmp', 'abc', '|');
        await store.write([], [{ kind: 'set', address: hold, values: { a: '1' }, ttlMs: 300 }]);
        const watch = await new Watch().start(hold);
        await watch.sees('its end', () =>
          until('the row has expired', async () => (await backend.look(hold)) === undefined),
        );
      });

      test('other rows wake nobody', async () => {
        const watch = await new Watch().start(STATUS);
        await backend.put(featureStatusRow('lldp'), { a: '1' });
        await backend.put(CONFIG, { a: '1' });
        await backend.put(HEALTH, { a: '1' });
        // Events come in order: once this one is here, the others would be, too.
        await watch.sees('the watched row', () => backend.put(STATUS, { a: '1' }));
        assert.equal(watch.changes, 1);
      });

      test('watching anew replaces what was watched, and closing ends it', async () => {
        const watch = new Watch();
        let first = 0;
        await watch.store.watch([CONFIG], () => (first += 1));
        await watch.start(STATUS);
        await backend.put(CONFIG, { a: '1' });
        await watch.sees('the watched row', () => backend.put(STATUS, { a: '1' }));
        assert.equal(first, 0);
        watch.store.close();
        assert.equal(watch.store.isWatching, false);
        const other = await new Watch().start(STATUS);
        await other.sees('the watched row', () => backend.put(STATUS, { a: '2' }));
        assert.equal(watch.changes, 1);
      });

      test('a store that was closed can be used, and watched with, again', async () => {
        const watch = await new Watch().start(CONFIG);
        await watch.store.write([], [set(STATUS, { a: '1' })]);
        watch.store.close();
        const [row] = await watch.store.read([{ address: STATUS, fields: ['a'] }]);
        assert.equal(row?.values['a'], '1');
        await watch.start(STATUS);
        await watch.sees('the watched row', () => backend.put(STATUS, { a: '2' }));
      });

      test('every client that watches a row is told', async () => {
        const watches = [await new Watch().start(CONFIG, STATUS), await new Watch().start(STATUS, HEALTH)];
        await backend.put(STATUS, { a: '1' });
        await until('both are told', () => watches.every(({ changes }) => changes === 1));
      });
    });

    describe('many at once', () => {
      test('of 20 clients that claim in the same moment exactly one wins, in each of 30 rounds (D5)', async () => {
        const clients = Array.from({ length: 20 }, open);
        for (let round = 0; round < 30; round++) {
          await backend.flush();
          await backend.put(CONFIG, { set_owner: 'kube' });
          const guards = [guard(CONFIG, { set_owner: 'kube' }), guard(STATUS, { claim_token: undefined })];
          const won = await Promise.all(
            clients.map((client, i) => client.write(guards, [set(STATUS, { claim_token: `client-${i}` })])),
          );
          const winners = won.flatMap((isWon, i) => (isWon ? [`client-${i}`] : []));
          assert.equal(winners.length, 1, `round ${round}: ${winners.join(', ')}`);
          assert.equal((await backend.look(STATUS))?.['claim_token'], winners[0]);
        }
      });

      test('of 20 clients that each count up from what they read, no step is lost (D5)', async () => {
        await backend.put(STATUS, { n: '0' });
        const countUp = async (client: RowStore): Promise<void> => {
          for (;;) {
            const rows = await client.read([{ address: STATUS, fields: ['n'] }]);
            const n = Number(rows[0]?.values['n']);
            if (await client.write(rows, [set(STATUS, { n: String(n + 1) })])) return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, open).map(countUp));
        assert.deepEqual(await backend.look(STATUS), { n: '20' });
      });

      if (!backend.isMultiAsic) {
        test('CONFIG_DB and STATE_DB are read in one step: never one before and one after a write of both (D5)', async () => {
          const [writer, reader] = [open(), open()];
          const work = { isOver: false };
          const writing = (async () => {
            for (let n = 0; n < 300; n++)
              await writer.write([], [set(CONFIG, { n: String(n) }), set(STATUS, { n: String(n) })]);
            work.isOver = true;
          })();
          while (!work.isOver) {
            const rows = await reader.read([
              { address: CONFIG, fields: ['n'] },
              { address: STATUS, fields: ['n'] },
            ]);
            assert.equal(rows[0]?.values['n'], rows[1]?.values['n']);
          }
          await writing;
        });

        test('a guard in CONFIG_DB and a write in STATE_DB are one step: none takes effect after the guard is gone (D5)', async () => {
          const [claimer, admin] = [open(), open()];
          const work = { isOver: false };
          let last = 0;
          await backend.put(CONFIG, { n: '0' });
          const claiming = (async () => {
            while (!work.isOver) {
              const n = String(last);
              await claimer.write([guard(CONFIG, { n })], [set(STATUS, { n })]);
            }
          })();
          try {
            for (let n = 1; n < 300; n++) {
              await admin.write([], [set(CONFIG, { n: String(n) })]);
              const earlier = await admin.read([{ address: STATUS, fields: ['n'] }]);
              const later = await admin.read([{ address: STATUS, fields: ['n'] }]);
              // `last` still names the number before: nobody may write it any more.
              assert.equal(later[0]?.values['n'], earlier[0]?.values['n']);
              last = n;
            }
          } finally {
            work.isOver = true;
            await claiming;
          }
        });
      }
    });

    if (backend.isMultiAsic) {
      describe('multi-ASIC', () => {
        const HOST = hostStatusRow('snmp', '0');

        test('the host’s STATE_DB and the ASIC’s are two, also where row and table are the same (D28)', async () => {
          const onHost: RowAddress = { ...STATUS, db: 'hostState' };
          await store.write([], [set(STATUS, { a: 'asic' }), set(onHost, { a: 'host' })]);
          const rows = await store.read([
            { address: onHost, fields: ['a'] },
            { address: STATUS, fields: ['a'] },
          ]);
          assert.deepEqual(
            rows.map(({ values }) => values['a']),
            ['host', 'asic'],
          );
        });

        test('a guard on the host’s server keeps the ASIC’s row from being written, and the other way round', async () => {
          await backend.put(HOST, { system_state: 'up' });
          const bad = guard(HOST, { system_state: 'down' });
          assert.equal(await store.write([bad], [set(STATUS, { a: '1' })]), false);
          assert.equal(await store.write([guard(STATUS, { a: '1' })], [set(HOST, { a: '1' })]), false);
          assert.deepEqual(await backend.look(HOST), { system_state: 'up' });
          assert.equal(await backend.look(STATUS), undefined);
          const good = [
            guard(HOST, { system_state: 'up', none: undefined }),
            guard(STATUS, { a: undefined }),
          ];
          assert.equal(await store.write(good, [set(STATUS, { a: '1' }), set(HOST, { b: '2' })]), true);
          assert.deepEqual(await backend.look(HOST), { system_state: 'up', b: '2' });
        });

        test('rows on both servers are watched (D28)', async () => {
          const watcher = open();
          let changes = 0;
          await watcher.watch([STATUS, HOST, CONFIG], () => (changes += 1));
          for (const address of [STATUS, HOST, CONFIG]) {
            const since = changes;
            await backend.put(address, { a: '1' });
            await until(`${address.db} is noticed`, () => changes > since);
          }
        });
      });
    } else {
      test('the host’s STATE_DB is a defect on a single-ASIC switch', async () => {
        const host = { address: hostStatusRow('snmp', '0'), fields: ['a'] };
        await assert.rejects(store.read([host]), (error: unknown) => {
          return error instanceof CtrkitError && error.code === 'defect';
        });
      });
    }
  });
}
