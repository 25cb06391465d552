import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { findDatabases, type DatabaseSettings } from '../../../../src/adapters/redis/find-databases.ts';
import { DEFAULTS, type Databases } from '../../../../src/contract/databases.ts';
import { errorOf } from '../../../support/errors.ts';

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder with these files in it, as /var/run is on a switch; values that are not text are written as JSON. */
function switchWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-find-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const CONFIG_FILE = 'redis/sonic-db/database_config.json';
const GLOBAL_FILE = 'redis/sonic-db/database_global.json';

function find(folder: string, settings: Partial<DatabaseSettings> = {}) {
  return findDatabases({
    redisUrl: '',
    namespaceId: '',
    configFile: join(folder, CONFIG_FILE),
    globalFile: join(folder, GLOBAL_FILE),
    hostFolder: join(folder, 'redis-host'),
    ...settings,
  });
}

/** A database_config.json whose server is on a port of its own, so that files can be told apart. */
const configFor = (port: number, socket?: string) => ({
  INSTANCES: {
    redis: { hostname: '127.0.0.1', port, ...(socket === undefined ? {} : { unix_socket_path: socket }) },
  },
  DATABASES: {
    CONFIG_DB: { id: 4, separator: '|', instance: 'redis' },
    STATE_DB: { id: 6, separator: '|', instance: 'redis' },
  },
});

const at = (port: number, id: number) => ({
  endpoint: { host: '127.0.0.1', port },
  id,
  separator: '|',
});

const INCLUDES = [
  { include: '../../redis/sonic-db/database_config.json' },
  { namespace: 'asic0', include: '../../redis0/sonic-db/database_config.json' },
  { namespace: 'asic1', include: '../../redis1/sonic-db/database_config.json' },
];

describe('a URL that was given', () => {
  test('both databases are there, whatever the files say', () => {
    const endpoint = { path: '/elsewhere/redis.sock' };
    const found = find(switchWith({ [CONFIG_FILE]: 'broken' }), {
      redisUrl: 'unix:///elsewhere/redis.sock',
      namespaceId: '1',
    });
    assert.deepEqual(
      [found.config, found.state],
      [
        { endpoint, id: 4, separator: '|' },
        { endpoint, id: 6, separator: '|' },
      ],
    );
    assert.deepEqual([found.hostState, found.asic, found.warnings], [undefined, '', []]);
  });

  test('its password is neither in the source nor in a refusal', () => {
    const good = find('/nonexistent', { redisUrl: 'redis://user:hunter2@host' });
    assert.equal(good.source.includes('hunter2'), false);
    const bad = errorOf(() => find('/nonexistent', { redisUrl: 'redis://user:hunter2@host/9' }));
    assert.equal(bad.message.includes('hunter2'), false);
  });
});

describe('database_config.json of a single-ASIC switch', () => {
  test('both databases are where it says', () => {
    const folder = switchWith({ [CONFIG_FILE]: configFor(6000) });
    assert.deepEqual(find(folder), {
      config: at(6000, 4),
      state: at(6000, 6),
      asic: '',
      source: join(folder, CONFIG_FILE),
      warnings: [],
    });
  });

  test('a unix socket that is there is preferred to host and port', async () => {
    const folder = switchWith({});
    const socket = join(folder, 'redis.sock');
    const file = switchWith({ [CONFIG_FILE]: configFor(6000, socket) });
    const server = createServer().listen(socket);
    await once(server, 'listening');
    assert.deepEqual(find(file).state.endpoint, { path: socket });
    server.close();
    await once(server, 'close');
    assert.deepEqual(find(file).state.endpoint, { host: '127.0.0.1', port: 6000 });
  });

  test('what stands there and is no socket is not preferred (G16)', () => {
    const folder = switchWith({ 'redis.sock': '', 'a-folder/file': '' });
    for (const name of ['redis.sock', 'a-folder']) {
      const file = switchWith({ [CONFIG_FILE]: configFor(6000, join(folder, name)) });
      assert.deepEqual(find(file).state.endpoint, { host: '127.0.0.1', port: 6000 });
    }
  });

  test('a broken file names itself and what is wrong, and counts as a database that may come', () => {
    const half = JSON.stringify(configFor(6000)).slice(0, 60);
    const { DATABASES, ...rest } = configFor(6000);
    const broken: readonly (readonly [unknown, RegExp])[] = [
      [half, /half-written/],
      ['', /half-written/],
      [rest, /DATABASES\.CONFIG_DB is missing/],
      [{ ...rest, DATABASES: { CONFIG_DB: DATABASES.CONFIG_DB } }, /DATABASES\.STATE_DB is missing/],
    ];
    for (const [content, wanted] of broken) {
      const folder = switchWith({ [CONFIG_FILE]: content });
      const { code, message } = errorOf(() => find(folder));
      assert.equal(code, 'database');
      assert.match(message, wanted);
      assert.ok(message.includes(join(folder, CONFIG_FILE)), message);
    }
  });

  test('a file that can’t be read is told with its path', () => {
    const folder = switchWith({ [`${CONFIG_FILE}/in-its-place`]: '' });
    const { code, message } = errorOf(() => find(folder));
    assert.equal(code, 'database');
    assert.match(message, /database_config\.json can't be read: .*EISDIR/);
  });

  test('without the file: the default socket if it exists, else the default port', () => {
    const found = find('/nonexistent');
    const { socketPath, host, port } = DEFAULTS;
    const endpoint = existsSync(socketPath) ? { path: socketPath } : { host, port };
    assert.deepEqual(found.config, { endpoint, id: 4, separator: '|' });
    assert.deepEqual(found.state, { endpoint, id: 6, separator: '|' });
    assert.match(found.source, /defaults.*database_config\.json/);
  });
});

describe('NAMESPACE_ID', () => {
  for (const text of ['asic0', '-1', '1000', ' 1', '1\n', '0x1', '١'])
    test(`${JSON.stringify(text)} is refused as wrong usage`, () => {
      const { code, message } = errorOf(() => find('/nonexistent', { namespaceId: text }));
      assert.equal(code, 'usage');
      assert.match(message, /NAMESPACE_ID/);
    });

  test('control characters in it are not shown as they are', () => {
    const { message } = errorOf(() => find('/nonexistent', { namespaceId: '\u001b[2J\u0007' }));
    assert.doesNotMatch(message, /[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('a multi-ASIC switch', () => {
  const files = {
    [CONFIG_FILE]: configFor(6000),
    [GLOBAL_FILE]: { INCLUDES, VERSION: '1.0' },
    'redis0/sonic-db/database_config.json': configFor(6010),
    'redis1/sonic-db/database_config.json': configFor(6011),
  };

  test('the configuration is the host’s, the status the ASIC’s, and the host’s status is known (D28)', () => {
    const folder = switchWith(files);
    assert.deepEqual(find(folder, { namespaceId: '1' }), {
      config: at(6000, 4),
      state: at(6011, 6),
      hostState: at(6000, 6),
      asic: '1',
      source: `${join(folder, CONFIG_FILE)} and ${join(folder, 'redis1/sonic-db/database_config.json')}`,
      warnings: [],
    });
    assert.deepEqual(find(folder, { namespaceId: '0' }).state, at(6010, 6));
  });

  test('a container of the host itself has an empty NAMESPACE_ID, and the host’s databases', () => {
    const found = find(switchWith(files));
    assert.deepEqual([found.config, found.state, found.asic], [at(6000, 4), at(6000, 6), '']);
    assert.equal(found.hostState, undefined);
  });

  test('the comma that the global file’s template forgets is not missed', () => {
    const broken = JSON.stringify({ INCLUDES }).replace('},{"namespace":"asic1"', '} {"namespace":"asic1"');
    assert.throws(() => JSON.parse(broken) as unknown);
    const found = find(switchWith({ ...files, [GLOBAL_FILE]: broken }), { namespaceId: '1' });
    assert.deepEqual(found.state, at(6011, 6));
  });

  test('where the ASIC’s own folder is mounted as /var/run/redis, its file is that one', () => {
    // The global file names the host's file and the ASIC's; here only the host's is to be found.
    const global = {
      INCLUDES: [
        { include: '../../redis-host/sonic-db/database_config.json' },
        { namespace: 'asic1', include: '../../redis1/sonic-db/database_config.json' },
      ],
    };
    const folder = switchWith({
      [CONFIG_FILE]: configFor(6011),
      [GLOBAL_FILE]: global,
      'redis-host/sonic-db/database_config.json': configFor(6000),
    });
    const found = find(folder, { namespaceId: '1' });
    assert.deepEqual([found.config, found.state, found.hostState], [at(6000, 4), at(6011, 6), at(6000, 6)]);
  });

  const withoutAsic: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'no global file': { [CONFIG_FILE]: files[CONFIG_FILE] },
    'a global file without the host': { ...files, [GLOBAL_FILE]: { INCLUDES: INCLUDES.slice(1) } },
    'a global file without that ASIC': { ...files, [GLOBAL_FILE]: { INCLUDES: INCLUDES.slice(0, 2) } },
  };
  for (const [what, content] of Object.entries(withoutAsic))
    test(`${what}: the databases of database_config.json, with a warning`, () => {
      const found = find(switchWith(content), { namespaceId: '1' });
      assert.deepEqual([found.config, found.state, found.asic], [at(6000, 4), at(6000, 6), '']);
      assert.equal(found.warnings.length, 1);
      assert.match(found.warnings[0] ?? '', /NAMESPACE_ID is 1 but .*database_global\.json/);
    });

  test('no file at all: the defaults, with a warning, as the ASIC can’t be told', () => {
    const found = find('/nonexistent', { namespaceId: '1' });
    assert.equal(found.warnings.length, 1);
    assert.match(found.warnings[0] ?? '', /NAMESPACE_ID is 1/);
  });

  test('a global file that is broken is told: the ASIC’s rows would be looked for in the wrong database', () => {
    const folder = switchWith({ ...files, [GLOBAL_FILE]: JSON.stringify({ INCLUDES }).slice(0, 70) });
    const { code, message } = errorOf(() => find(folder, { namespaceId: '1' }));
    assert.equal(code, 'database');
    assert.ok(message.includes(join(folder, GLOBAL_FILE)), message);
    assert.deepEqual(find(folder).state, at(6000, 6), 'a container of the host does not need it');
  });

  test('a broken file of the ASIC is told with its path', () => {
    const path = 'redis1/sonic-db/database_config.json';
    const folder = switchWith({ ...files, [path]: '{' });
    const { message } = errorOf(() => find(folder, { namespaceId: '1' }));
    assert.ok(message.includes(join(folder, path)), message);
  });
});

describe('in a container of an ASIC, whose own folder is /var/run/redis', () => {
  const HOST_FILE = 'redis-host/sonic-db/database_config.json';

  /** Servers as SONiC has them: each file names its socket by the path on the host. The ASIC's folder is there under two names. */
  async function openPod(t: TestContext, files: Readonly<Record<string, unknown>> = {}) {
    const folder = switchWith({ 'redis/sonic-db/x': '', 'redis-host/sonic-db/x': '', ...files });
    symlinkSync(join(folder, 'redis'), join(folder, 'redis0'));
    const write = (name: string, port: number, named: string): void =>
      writeFileSync(join(folder, name), JSON.stringify(configFor(port, join(folder, named))));
    write(CONFIG_FILE, 6010, 'redis0/redis.sock');
    write(HOST_FILE, 6000, 'redis/redis.sock');
    const listen = async (name: string): Promise<() => Promise<void>> => {
      const server = createServer().listen(join(folder, name));
      await once(server, 'listening');
      const close = async (): Promise<void> => void (await new Promise((done) => server.close(done)));
      t.after(close);
      return close;
    };
    const stopOwn = await listen('redis/redis.sock');
    const stopHost = await listen('redis-host/redis.sock');
    const pathsOf = (found: Databases) =>
      [found.config, found.state, found.hostState].map((where) =>
        where?.endpoint.path?.slice(folder.length + 1),
      );
    return { folder, pathsOf, stopHost, stopOwn, write, look: () => find(folder, { namespaceId: '0' }) };
  }

  const includesOf = (host: string) => ({
    [GLOBAL_FILE]: {
      INCLUDES: [{ include: `../../${host}/sonic-db/database_config.json` }, ...INCLUDES.slice(1)],
    },
  });
  const RIGHT = ['redis-host/redis.sock', 'redis0/redis.sock', 'redis-host/redis.sock'];

  test('the host’s socket is the one in the host’s folder, not the ASIC’s own that its file names (S1)', async (t) => {
    const { look, pathsOf } = await openPod(t, includesOf('redis-host'));
    const found = look();
    assert.deepEqual(pathsOf(found), RIGHT);
    assert.deepEqual([found.asic, found.warnings], ['0', []]);
  });

  test('the host’s folder is found where ctrkit manifest mounts it, with any global file or none (S1)', async (t) => {
    const cases = [
      [{}, 'redis/redis.sock'],
      [{ [GLOBAL_FILE]: { INCLUDES: [] } }, 'redis/redis.sock'],
      [includesOf('redis'), 'redis0/redis.sock'],
    ] as const;
    for (const [files, own] of cases) {
      const { look, pathsOf } = await openPod(t, files);
      const found = look();
      assert.deepEqual(pathsOf(found), ['redis-host/redis.sock', own, 'redis-host/redis.sock']);
      assert.deepEqual([found.asic, found.warnings], ['0', []]);
    }
  });

  test('a host whose server is away is not taken for the ASIC’s, and it is said (S1)', async (t) => {
    const { look, pathsOf, stopHost } = await openPod(t, includesOf('redis-host'));
    await stopHost();
    const found = look();
    assert.deepEqual(pathsOf(found), RIGHT);
    assert.equal(found.warnings.length, 1);
    assert.match(
      found.warnings[0] ?? '',
      /the host's server is away: .*redis-host\/redis\.sock is not there, and .*\/redis\/redis\.sock is the ASIC's own\. Start it, or mount/,
    );
  });

  test('an ASIC whose server is away is not looked for at the host’s address, and it is said', async (t) => {
    const { look, pathsOf, stopOwn, write } = await openPod(t, includesOf('redis-host'));
    await stopOwn();
    // An address of its own may be used.
    assert.deepEqual(look().state.endpoint, { host: '127.0.0.1', port: 6010 });
    write(CONFIG_FILE, 6000, 'redis0/redis.sock');
    const found = look();
    assert.deepEqual(pathsOf(found), RIGHT);
    assert.equal(found.warnings.length, 1);
    assert.match(
      found.warnings[0] ?? '',
      /the ASIC's server is away: .*redis0\/redis\.sock can't be used, and .* names the host's address/,
    );
  });

  test('a host’s file that leads to the ASIC’s own server is said, with what to do, and its databases count (S1)', async (t) => {
    const { folder, look, pathsOf } = await openPod(t, includesOf('redis'));
    rmSync(join(folder, 'redis-host'), { recursive: true });
    const found = look();
    assert.deepEqual(pathsOf(found), ['redis0/redis.sock', 'redis0/redis.sock', undefined]);
    assert.equal(found.asic, '');
    assert.equal(found.warnings.length, 1);
    assert.match(
      found.warnings[0] ?? '',
      /^NAMESPACE_ID is 0 but the host's server by .*redis\/sonic-db\/database_config\.json is the ASIC's own here: FEATURE is read from .*\. Mount the host's \/var\/run\/redis on .*redis-host$/,
    );
  });

  test('a file that its folder has not yet is waited for: no other server is taken for its (S1)', async (t) => {
    const { folder, look } = await openPod(t);
    for (const name of [HOST_FILE, CONFIG_FILE]) {
      rmSync(join(folder, name));
      const { code, message } = errorOf(look);
      assert.equal(code, 'database');
      assert.match(message, new RegExp(`${name} can't be read`));
      writeFileSync(join(folder, name), JSON.stringify(configFor(6000)));
    }
  });
});
