import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  parseDatabaseConfig,
  parseGlobalConfig,
  type FindSocket,
} from '../../../../src/adapters/redis/database-config.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';

const PATH = '/some/database_config.json';
const INSTANCE = { hostname: '127.0.0.1', port: 6379, unix_socket_path: '/var/run/redis/redis.sock' };
const STATE_DB = { id: 6, separator: '|', instance: 'redis' };
const CONFIG = {
  INSTANCES: { redis: { ...INSTANCE, persistence_for_warm_boot: 'yes' } },
  DATABASES: { APPL_DB: { id: 0, separator: ':', instance: 'redis' }, STATE_DB },
  VERSION: '1.0',
};

const parse = (json: unknown, findSocket: FindSocket = (path) => path) =>
  parseDatabaseConfig({ path: PATH, text: JSON.stringify(json) }, 'STATE_DB', findSocket);

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof CtrkitError && error.code === 'database', String(error));
    assert.ok(error.message.startsWith(`${PATH}: `), error.message);
    assert.equal(error.message.includes('\n'), false);
    return error.message;
  }
  assert.fail('not refused');
}

describe('database_config.json', () => {
  test('a unix socket that can be used is preferred', () => {
    assert.deepEqual(parse(CONFIG), {
      endpoint: { path: '/var/run/redis/redis.sock' },
      id: 6,
      separator: '|',
    });
  });

  test('host and port count where the socket can not be used', () => {
    const asked: string[] = [];
    const found = parse(CONFIG, (path) => {
      asked.push(path);
      return undefined;
    });
    assert.deepEqual(found.endpoint, { host: '127.0.0.1', port: 6379 });
    assert.deepEqual(asked, ['/var/run/redis/redis.sock']);
  });

  test('host and port count where no socket is named', () => {
    const { unix_socket_path: _socket, ...server } = INSTANCE;
    assert.deepEqual(parse({ ...CONFIG, INSTANCES: { redis: server } }).endpoint, {
      host: '127.0.0.1',
      port: 6379,
    });
  });

  test('id, separator and instance are the database’s own', () => {
    const DATABASES = { STATE_DB: { id: 13, separator: ':', instance: 'redis_chassis' } };
    const INSTANCES = {
      ...CONFIG.INSTANCES,
      redis_chassis: { hostname: 'redis_chassis.server', port: 6380 },
    };
    assert.deepEqual(parse({ DATABASES, INSTANCES }), {
      endpoint: { host: 'redis_chassis.server', port: 6380 },
      id: 13,
      separator: ':',
    });
  });

  const database = (patch: object) => ({ ...CONFIG, DATABASES: { STATE_DB: { ...STATE_DB, ...patch } } });
  const instance = (patch: object) => ({ ...CONFIG, INSTANCES: { redis: { ...INSTANCE, ...patch } } });
  const broken: readonly (readonly [string, unknown, RegExp])[] = [
    ['no DATABASES', { INSTANCES: CONFIG.INSTANCES }, /DATABASES\.STATE_DB is missing/],
    ['DATABASES that is no object', { ...CONFIG, DATABASES: [] }, /DATABASES\.STATE_DB is missing/],
    ['no such database', { ...CONFIG, DATABASES: {} }, /DATABASES\.STATE_DB is missing/],
    [
      'a database that is null',
      { ...CONFIG, DATABASES: { STATE_DB: null } },
      /DATABASES\.STATE_DB is missing/,
    ],
    ['no id', database({ id: undefined }), /DATABASES\.STATE_DB\.id is no number/],
    ['an id in text', database({ id: '6' }), /DATABASES\.STATE_DB\.id is no number/],
    ['a broken id', database({ id: 6.5 }), /DATABASES\.STATE_DB\.id is no number/],
    ['a negative id', database({ id: -1 }), /DATABASES\.STATE_DB\.id is no number/],
    ['no separator', database({ separator: undefined }), /DATABASES\.STATE_DB\.separator is missing/],
    ['an empty separator', database({ separator: '' }), /DATABASES\.STATE_DB\.separator is missing/],
    ['no instance', database({ instance: undefined }), /DATABASES\.STATE_DB\.instance is missing/],
    ['no INSTANCES', { DATABASES: CONFIG.DATABASES }, /INSTANCES\.redis is missing/],
    ['no such instance', database({ instance: 'redis9' }), /INSTANCES\.redis9 is missing/],
  ];
  for (const [what, json, wanted] of broken)
    test(`${what}: the message names the member`, () =>
      assert.match(
        refusal(() => parse(json)),
        wanted,
      ));

  const unreachable = [
    { hostname: '' },
    { hostname: undefined },
    { port: undefined },
    { port: 0 },
    { port: 65_536 },
    { port: '6379' },
    { port: 6379.5 },
  ];
  test('an instance without a socket that exists, and without a host and port, names itself', () => {
    for (const patch of unreachable)
      assert.match(
        refusal(() => parse(instance(patch), () => undefined)),
        /INSTANCES\.redis has no socket that can be used, and no host and port/,
      );
  });

  test('a socket path that is relative is none: it would be another file in each folder', () => {
    const endpoint = parse(instance({ unix_socket_path: 'redis.sock' })).endpoint;
    assert.deepEqual(endpoint, { host: '127.0.0.1', port: 6379 });
  });

  test('a half-written file is refused at every length, as one that may yet be completed', () => {
    const text = JSON.stringify(CONFIG);
    for (let length = 0; length < text.length; length++) {
      const file = { path: PATH, text: text.slice(0, length) };
      const message = refusal(() => parseDatabaseConfig(file, 'STATE_DB', (path) => path));
      assert.match(message, /half-written\?.*Wait for the database container, or mend the file/);
    }
  });

  test('text, JSON of another kind, and binary are refused', () => {
    for (const text of ['null', '[]', '7', '"text"', '{%j2%}', '\0\u0001\u0002', '\ufeff']) {
      const file = { path: PATH, text };
      refusal(() => parseDatabaseConfig(file, 'STATE_DB', (path) => path));
    }
  });
});

describe('database_global.json', () => {
  const parseGlobal = (text: string, asic = '0') => parseGlobalConfig({ path: PATH, text }, asic);
  const host = { include: '../../redis/sonic-db/database_config.json' };
  const asic = (n: number) => ({
    namespace: `asic${n}`,
    include: `../../redis${n}/sonic-db/database_config.json`,
  });
  const dpu = (n: number) => ({ container_name: `dpu${n}`, include: `../../redisdpu${n}/sonic-db/c.json` });

  test('the host’s file and that of the ASIC are found, wherever they stand in the list', () => {
    for (const INCLUDES of [
      [host, asic(0), asic(1), asic(10)],
      [asic(10), dpu(0), asic(1), asic(0), host],
    ]) {
      const text = JSON.stringify({ INCLUDES, VERSION: '1.0' });
      assert.deepEqual(parseGlobal(text, '1'), { host: host.include, asic: asic(1).include });
      assert.deepEqual(parseGlobal(text, '10'), { host: host.include, asic: asic(10).include });
    }
  });

  test('an ASIC that is not in the list has no file', () => {
    assert.deepEqual(parseGlobal(JSON.stringify({ INCLUDES: [host, asic(0)] }), '7'), {
      host: host.include,
      asic: undefined,
    });
  });

  test('a list without the host, and an include that is no text, give none', () => {
    const odd = { INCLUDES: [{ namespace: 'asic0', include: 7 }, dpu(0)] };
    assert.deepEqual(parseGlobal(JSON.stringify(odd)), { host: undefined, asic: undefined });
  });

  test('the comma that SONiC’s template forgets between the ASICs and the DPUs is not missed', () => {
    const entries = [asic(0), asic(1)].map((entry) => JSON.stringify(entry)).join(',\n');
    const dpus = [dpu(0), dpu(1)].map((entry) => JSON.stringify(entry)).join(',\n');
    const text = `{"INCLUDES": [\n${JSON.stringify(host)},\n${entries}\n  ${dpus}\n], "VERSION": "1.0"}`;
    assert.throws(() => JSON.parse(text) as unknown);
    assert.deepEqual(parseGlobal(text, '1'), { host: host.include, asic: asic(1).include });
  });

  test('a comma too many at the end of a list is not minded', () => {
    const text = `{"INCLUDES": [${JSON.stringify(host)}, ${JSON.stringify(asic(0))},\n],}`;
    assert.deepEqual(parseGlobal(text), { host: host.include, asic: asic(0).include });
  });

  test('a half-written file is refused, with its path', () => {
    const text = JSON.stringify({ INCLUDES: [host, asic(0)], VERSION: '1.0' });
    for (let length = 0; length < text.length; length++)
      assert.match(
        refusal(() => parseGlobal(text.slice(0, length))),
        /is not JSON with a list INCLUDES \(half-written\?\)/,
      );
  });

  test('a file without the list is refused', () => {
    for (const text of ['{}', '[]', 'null', '{"INCLUDES": {}}', '{"INCLUDES": "x"}', ''])
      refusal(() => parseGlobal(text));
  });
});
