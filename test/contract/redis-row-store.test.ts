import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { RedisRowStore } from '../../src/adapters/redis/row-store.ts';
import { DEFAULTS, type Databases, type Endpoint } from '../../src/contract/databases.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import { featureConfigRow, featureStatusRow, healthRow, type RowFields } from '../../src/contract/rows.ts';
import { labelsRow } from '../../src/contract/cluster/feature-labels.ts';
import type { RowStore } from '../../src/ports/row-store.ts';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** Never reached by a call that is to succeed, however slow the machine. */
const PATIENT_MS = 30_000;
/** For calls that are to run into their limit. */
const SHORT_MS = 200;
/** A call with the short limit that takes this long has none. */

const STATUS = featureStatusRow('snmp');
const ROWS: readonly RowFields[] = [
  { address: featureConfigRow('snmp'), fields: ['set_owner'] },
  { address: STATUS, fields: ['current_owner', 'docker_id'] },
];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(words: readonly string[] = []): Promise<RedisServer> {
  const server = new RedisServer({ words });
  cleanups.push(() => server.stop());
  await server.start();
  return server;
}

function open(endpoint: Endpoint, limitMs = PATIENT_MS): RowStore {
  const at = (id: number) => ({ endpoint, id, separator: DEFAULTS.separator });
  const store = new RedisRowStore(
    { config: at(4), state: at(6), asic: '', source: 'a test', warnings: [] },
    limitMs,
  );
  cleanups.push(() => store.close());
  return store;
}

/** Every call of the port that goes to a server. */
const CALLS: Readonly<Record<string, (store: RowStore) => Promise<unknown>>> = {
  read: (store) => store.read(ROWS),
  list: (store) => store.list('CONTAINER_HOLD', 'snmp|'),
  write: (store) => store.write([], [{ kind: 'set', address: STATUS, values: { a: '1' } }]),
  watch: (store) => store.watch([STATUS], () => {}),
};

/** Rejects with one line for people that names the server; returns it. */
async function failure(call: Promise<unknown>, endpoint: Endpoint): Promise<string> {
  const error: unknown = await call.then(
    (value) => assert.fail(`no error, but ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CtrkitError, String(error));
  assert.equal(error.code, 'database');
  assert.doesNotMatch(error.message, /[\r\n]/);
  assert.ok(
    error.message.startsWith(`Redis at unix://${endpoint.path ?? ''} can't be used: `),
    error.message,
  );
  return error.message;
}

const works = async (store: RowStore): Promise<void> => {
  for (const call of Object.values(CALLS)) await call(store);
};

/** A server of a kind of its own on a unix socket. */
async function listen(onConnection: (socket: Socket) => void): Promise<Endpoint> {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-odd-'));
  const path = join(folder, 'redis.sock');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path };
}

describe('a server that is gone', { timeout: 600_000 }, () => {
  for (const [name, call] of Object.entries(CALLS))
    test(`${name}: fails at once with its address, and works once the server is there`, async () => {
      const server = new RedisServer();
      cleanups.push(() => server.stop());
      const store = open(server.endpoint);
      assert.match(await failure(call(store), server.endpoint), /ENOENT|ECONNREFUSED/);
      assert.equal(store.isWatching, false);
      await server.start();
      await call(store);
    });

  test('a server killed under a store that was used: fails, and works when it came back, empty', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await works(store);
    await server.kill();
    await failure(store.read(ROWS), server.endpoint);
    await server.start();
    const [, status] = await store.read([...ROWS]);
    assert.equal(status?.values['current_owner'], undefined);
    await works(store);
  });

  test('a server that was restarted between two calls: the second one works', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await works(store);
    await server.kill();
    await server.start();
    await store.read(ROWS);
  });

  test('a call that is under way when the server is killed fails within its limit', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await works(store);
    server.freeze();
    const failed = failure(store.read(ROWS), server.endpoint);
    await server.kill();
    await failed;
  });

  test('a call that is under way when its store is closed fails, and is not left hanging', async () => {
    const endpoint = await listen(() => {});
    const store = open(endpoint);
    const call = store.read(ROWS);
    store.close();
    await failure(call, endpoint);
  });
});

describe('a server that accepts and never answers', { timeout: 600_000 }, () => {
  for (const [name, call] of Object.entries(CALLS))
    test(`${name}: fails within its limit`, async () => {
      const endpoint = await listen(() => {});
      const message = await failure(call(open(endpoint, SHORT_MS)), endpoint);
      assert.match(message, /no answer within 200 ms/);
    });

  test('a server that falls silent under a store that was used: fails, and works when it answers again', async () => {
    const server = await start();
    const store = open(server.endpoint, 2_000);
    await works(store);
    server.freeze();
    assert.match(await failure(store.read(ROWS), server.endpoint), /no answer within/);
    server.thaw();
    await works(store);
  });

  test('an answer that comes too late is not taken for the answer to the next call', async () => {
    const endpoint = await listen((socket) => {
      socket.once('data', () => setTimeout(() => socket.write(':0\r\n'), SHORT_MS * 2));
    });
    const store = open(endpoint, SHORT_MS);
    await failure(store.read(ROWS), endpoint);
    const startMs = performance.now();
    await failure(store.read(ROWS), endpoint);
    assert.ok(performance.now() - startMs >= SHORT_MS - 2, 'its own limit, on a connection of its own');
  });
});

describe('a server that answers garbage', { timeout: 600_000 }, () => {
  const answers = {
    'another protocol': 'HTTP/1.1 400 Bad Request\r\n\r\n',
    'binary nonsense': '\0\u0001\u00ff\u00fe\r\n',
    'a line': 'who are you?\r\n',
    'an error': '-ERR what?\r\n',
    'an error of two lines': '-ERR what?\nsomething else\r\n',
    'an OK to everything': '+OK\r\n',
    'a number to everything': ':7\r\n',
    'nothing to everything': '$-1\r\n',
    'an empty list to everything': '*0\r\n',
    'a list of one text to everything': '*1\r\n$3\r\nabc\r\n',
    'a list of empty lists': '*2\r\n*0\r\n*0\r\n',
  };
  // What is a legal answer to one call is garbage to another. Nobody watches a server that was not read from before.
  const legal: Readonly<Record<string, readonly string[]>> = {
    watch: Object.keys(answers).slice(5),
  };
  for (const [what, answer] of Object.entries(answers))
    for (const [name, call] of Object.entries(CALLS)) {
      if (legal[name]?.includes(what)) continue;
      test(`${name}: ${what} is an error, not a row that says nothing`, async () => {
        const endpoint = await listen((socket) => socket.on('data', () => socket.write(answer, 'latin1')));
        await failure(call(open(endpoint, SHORT_MS)), endpoint);
      });
    }

  /** The answer to ROWS where none of them is there. */
  const twoEmptyRows = '*2\r\n*2\r\n*1\r\n$-1\r\n*0\r\n*2\r\n*2\r\n$-1\r\n$-1\r\n*0\r\n';

  test('garbage on the way: fails, and works when the server is itself again', async () => {
    const server = await start();
    let isOdd = true;
    const endpoint = await listen((socket) => {
      socket.on('data', () => socket.end(isOdd ? 'garbage\r\n' : twoEmptyRows));
    });
    const store = open(endpoint, SHORT_MS);
    await failure(store.read(ROWS), endpoint);
    isOdd = false;
    assert.equal((await store.read(ROWS)).length, 2);
    await server.stop();
  });
});

describe('a server that refuses', { timeout: 600_000 }, () => {
  test('a key of another type is named, with the command that shows it, and the next call works (F8)', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await server.cli('-n', '6', 'SET', 'FEATURE|snmp', 'a text');
    const calls: (() => Promise<unknown>)[] = [
      () => store.read(ROWS),
      () => store.readWithCondition(ROWS, healthRow('snmp')),
      () => store.write([], [{ kind: 'set', address: STATUS, values: { a: '1' } }]),
      () =>
        store.write(
          [{ address: STATUS, values: { a: undefined } }],
          [{ kind: 'delete', address: healthRow('snmp') }],
        ),
    ];
    for (const call of calls)
      assert.match(
        await failure(call(), server.endpoint),
        /WRONGTYPE FEATURE\|snmp is a string, not a hash; redis-cli -n 6 TYPE "FEATURE\|snmp" shows it, DEL removes it$/,
      );
    await server.flush();
    await works(store);
  });

  test('a dispensable row whose key is no hash is told, hides no other, and is no outage of writing (F8)', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await server.cli('-n', '6', 'SET', 'CONTAINER_HEALTH|snmp', 'a text');
    await store.write([], [{ kind: 'set', address: STATUS, values: { current_owner: 'kube' } }]);
    const broken = { address: healthRow('snmp'), fields: ['status', 'seq'], isDispensable: true };
    const { rows, condition } = await store.readWithCondition([broken, ...ROWS], broken.address);
    assert.match(rows[0]?.problem ?? '', /CONTAINER_HEALTH\|snmp is a string, not a hash/);
    assert.deepEqual(rows[0]?.values, { status: undefined, seq: undefined });
    assert.equal(rows[2]?.values['current_owner'], 'kube');
    assert.equal(condition.refusal, '');
    assert.equal(await server.cli('-n', '6', 'KEYS', '*probe*'), '');
  });

  test('a key of another type among several writes: nothing is written (D5)', async () => {
    const server = await start();
    const store = open(server.endpoint);
    await server.cli('-n', '6', 'SET', 'KUBE_LABELS|SET', 'a text');
    const claim = store.write(
      [],
      [
        { kind: 'set', address: STATUS, values: { current_owner: 'local' } },
        { kind: 'set', address: labelsRow('state'), values: { snmp_local: '1.0' } },
      ],
    );
    assert.match(await failure(claim, server.endpoint), /WRONGTYPE/);
    assert.equal(await server.cli('-n', '6', 'EXISTS', 'FEATURE|snmp'), '0');
  });

  test('a database number that the server does not have is told', async () => {
    const server = await start(['--databases', '5']);
    assert.match(
      await failure(open(server.endpoint).read(ROWS), server.endpoint),
      /DB index is out of range/,
    );
  });

  test('a wrong or missing password is told without it, the right one works', async () => {
    const server = await start(['--requirepass', 'correct-horse']);
    const { endpoint } = server;
    const wrong = { ...endpoint, password: 'hunter2-battery' };
    for (const call of Object.values(CALLS)) {
      const message = await failure(call(open(wrong)), endpoint);
      assert.match(message, /WRONGPASS/);
      assert.doesNotMatch(message, /hunter2|correct-horse/);
      assert.match(await failure(call(open(endpoint)), endpoint), /NOAUTH/);
    }
    await works(open({ ...endpoint, password: 'correct-horse' }));
  });

  test('a wrong user is told without the password, the right one works', async () => {
    const server = await start();
    await server.cli('ACL', 'SETUSER', 'kit', 'on', '>correct-horse', '~*', '&*', '+@all');
    const { endpoint } = server;
    const message = await failure(
      open({ ...endpoint, username: 'kit', password: 'hunter2-battery' }).read(ROWS),
      endpoint,
    );
    assert.match(message, /WRONGPASS/);
    assert.doesNotMatch(message, /hunter2/);
    await works(open({ ...endpoint, username: 'kit', password: 'correct-horse' }));
  });

  test('a server that is still loading is told, and works when it has loaded', async () => {
    const server = await start([
      '--key-load-delay',
      '10000',
      '--loading-process-events-interval-bytes',
      '1024',
    ]);
    const fill = "for i = 1, 300 do redis.call('SET', 'k' .. i, string.rep('x', 100) .. i) end";
    await server.cli('EVAL', fill, '0');
    await server.cli('SAVE');
    await server.kill();
    const store = open(server.endpoint);
    await server.start();
    assert.match(await failure(store.read(ROWS), server.endpoint), /LOADING/);
    await until('it has loaded', () =>
      store.read(ROWS).then(
        () => true,
        () => false,
      ),
    );
    await works(store);
  });

  test('a server busy with another’s script is told within the limit, and works when that has ended', async () => {
    const server = await start(['--busy-reply-threshold', '20']);
    const store = open(server.endpoint, SHORT_MS);
    await works(store);
    const endless = server.cli('EVAL', 'while true do end', '0').catch(() => '');
    let message = '';
    await until('it says so', async () => {
      message = await store.read(ROWS).then(
        () => '',
        (error: Error) => error.message,
      );
      return message.includes('BUSY');
    });
    assert.match(message, /^Redis at unix:\/\/\S+ can't be used: BUSY/);
    await server.cli('SCRIPT', 'KILL');
    await endless;
    await works(store);
  });

  test('a replica that takes no writes is told', async () => {
    const server = await start(['--replicaof', '127.0.0.1 1']);
    const store = open(server.endpoint);
    assert.match(await failure(CALLS['write']?.(store) ?? Promise.resolve(), server.endpoint), /READONLY/);
  });
});

describe('listing', { timeout: 600_000 }, () => {
  const LISTED = [{ db: 'state', table: 'CONTAINER_HOLD', row: 'snmp|aaa' }];

  test('a key of another type is no row, and hides none (G17)', async () => {
    const server = await start();
    await server.cli('-n', '6', 'SET', 'CONTAINER_HOLD|snmp|x', 'a text');
    await server.cli('-n', '6', 'LPUSH', 'CONTAINER_HOLD|snmp|y', 'a text');
    await server.cli('-n', '6', 'HSET', 'CONTAINER_HOLD|snmp|aaa', 'reason', 'x');
    assert.deepEqual(await open(server.endpoint).list('CONTAINER_HOLD', 'snmp|'), LISTED);
  });

  test('500,000 keys are looked at in many short calls from here, none of them a script (G17)', async (t) => {
    const server = await start(['--slowlog-log-slower-than', '1000', '--slowlog-max-len', '10000']);
    const fill = "redis.call('SELECT', 6) for i = 1, 500000 do redis.call('SET', 'k' .. i, '') end";
    await server.cli('EVAL', fill, '0');
    await server.cli('-n', '6', 'HSET', 'CONTAINER_HOLD|snmp|aaa', 'reason', 'x');
    await server.cli('SLOWLOG', 'RESET');
    await server.cli('CONFIG', 'RESETSTAT');
    assert.deepEqual(await open(server.endpoint).list('CONTAINER_HOLD', 'snmp|'), LISTED);
    const stats = await server.cli('INFO', 'commandstats');
    const callsOf = (command: string): number =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    t.diagnostic(`SCAN ${callsOf('scan')} times; longer than 1 ms: ${await server.cli('SLOWLOG', 'LEN')}`);
    assert.ok(callsOf('scan') > 100, stats);
    assert.deepEqual([callsOf('eval'), callsOf('keys')], [0, 0]);
  });

  test('a cursor that never ends is an error, not a call without an end (G17)', async () => {
    // Each batch is SELECT and SCAN, and a page is one key less than nothing: no keys, and another cursor.
    const page = '+OK\r\n*2\r\n$1\r\n7\r\n*0\r\n';
    const endpoint = await listen((socket) => socket.on('data', () => socket.write(page)));
    const message = await failure(open(endpoint).list('CONTAINER_HOLD', 'snmp|'), endpoint);
    assert.match(message, /no end of its keys/);
  });
});

describe('watching a server that goes away', { timeout: 600_000 }, () => {
  test('its death is told as a change, and watching again works (D8)', async () => {
    const server = await start();
    const store = open(server.endpoint);
    let changes = 0;
    const watch = () => store.watch([STATUS], () => (changes += 1));
    await watch();
    await server.kill();
    await until('its death is told', () => changes > 0);
    assert.equal(store.isWatching, false);
    await failure(watch(), server.endpoint);
    assert.equal(store.isWatching, false);
    await server.start();
    await watch();
    assert.equal(store.isWatching, true);
    const before = changes;
    await server.cli('-n', '6', 'HSET', 'FEATURE|snmp', 'a', '1');
    await until('the change is told', () => changes > before);
  });

  test('the end of the watching connection alone is told, too', async () => {
    const server = await start();
    const store = open(server.endpoint);
    let changes = 0;
    await store.watch([STATUS], () => (changes += 1));
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until('it is told', () => changes > 0);
    assert.equal(store.isWatching, false);
    await store.read(ROWS);
  });

  test('multi-ASIC: of two servers, the death of either is told', async () => {
    const [host, asic] = [await start(), await start()];
    const databases: Databases = { ...host.databases, state: asic.at(6), hostState: host.at(6), asic: '0' };
    const store = new RedisRowStore(databases, PATIENT_MS);
    cleanups.push(() => store.close());
    for (const server of [host, asic]) {
      let changes = 0;
      await store.watch([STATUS, featureConfigRow('snmp')], () => (changes += 1));
      await server.kill();
      await until('it is told', () => changes > 0);
      assert.equal(store.isWatching, false);
      await server.start();
    }
  });

  test('closing a watch tells nobody of a change', async () => {
    const server = await start();
    const store = open(server.endpoint);
    let changes = 0;
    await store.watch([STATUS], () => (changes += 1));
    store.close();
    // One trip to the server and back: the end of the connection would have been told.
    await store.read(ROWS);
    await until('nobody watches', async () => (await server.cli('PUBSUB', 'NUMPAT')) === '0');
    await until(
      'the connection has ended',
      async () => !/sub=[1-9]/.test(await server.cli('CLIENT', 'LIST')),
    );
    assert.equal(changes, 0);
  });
});

describe('the server of the tests', { timeout: 600_000 }, () => {
  const folder: string[] = [];
  after(() => assert.equal(folder.length, 1));

  test('is private, sends SONiC’s keyspace events, and leaves nothing behind', async () => {
    const server = new RedisServer();
    await server.start();
    folder.push(server.directory);
    assert.equal(await server.cli('CONFIG', 'GET', 'port'), 'port\n0');
    assert.match(await server.cli('CONFIG', 'GET', 'notify-keyspace-events'), /AKE$/);
    const { pid } = server;
    assert.ok(pid !== undefined);
    await server.stop();
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    assert.equal(server.pid, undefined);
  });
});
