import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bootMs } from '../support/boot-clock.ts';
import { type Container, Kit, noNamespaces } from '../support/kit.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

/** A server at `socketPath` that does what it is told with every connection, until it is closed. */
async function serveInstead(t: TestContext, socketPath: string, serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
    serve(socket);
  });
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(socketPath, { force: true });
  };
  t.after(close);
  server.listen(socketPath);
  await once(server, 'listening');
  return { close, connections: () => sockets.size };
}

/** The one line about the database; there is no second one, and none about where in the code it was. */
function assertOneLine(program: Program, text: RegExp): void {
  const lines = program.stderrLines;
  assert.equal(lines.filter((line) => text.test(line)).length, 1, program.stderr);
  assert.doesNotMatch(program.stderr, /^\s+at |\bError: .*\n\s+at /m);
  for (const line of lines) assert.match(line, /^container_(startup|state): /);
}

interface Trouble {
  readonly name: string;
  readonly line: RegExp;
  /** Makes the database unusable; returns what puts it right. */
  readonly make: (t: TestContext, redis: PrivateRedis) => Promise<() => Promise<void> | void>;
}

/** In its place a server that is none of ours; mended when Redis is back, empty but for what the host wants. */
const instead =
  (serve: (socket: Socket) => void): Trouble['make'] =>
  async (t, redis) => {
    await redis.kill();
    const server = await serveInstead(t, redis.socketPath, serve);
    return async () => {
      server.close();
      await restart(redis);
    };
  };

async function restart(redis: PrivateRedis): Promise<void> {
  await redis.start();
  await redis.wantKube();
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'is not there',
    line: /Redis at unix:.*redis\.sock can't be used: .*ENOENT/,
    make: async (_t, redis) => {
      await redis.kill();
      return () => restart(redis);
    },
  },
  {
    name: 'takes connections and never answers, stopped in its tracks',
    line: /Redis at unix:.* can't be used: no answer within 2000 ms/,
    make: (_t, redis) => {
      redis.freeze();
      return Promise.resolve(() => redis.thaw());
    },
  },
  {
    name: 'takes connections and never answers, another program',
    line: /Redis at unix:.* can't be used: no answer within 2000 ms/,
    make: instead(() => undefined),
  },
  {
    name: 'takes connections and closes them',
    line: /Redis at unix:.* can't be used: /,
    make: instead((socket) => socket.destroy()),
  },
  {
    name: 'answers garbage',
    line: /Redis at unix:.* can't be used: /,
    make: instead((socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  },
  {
    name: 'answers something else than was asked',
    line: /Redis at unix:.* can't be used: /,
    make: instead((socket) => socket.on('data', () => socket.write('+OK\r\n'))),
  },
  {
    name: 'is still loading',
    line: /Redis at unix:.* can't be used: LOADING/,
    make: instead((socket) =>
      socket.on('data', () => socket.write('-LOADING Redis is loading the dataset in memory\r\n')),
    ),
  },
];

for (const { name, line, make } of TROUBLES) {
  test(`D2: the database ${name}: kube says so in one line, waits, and goes on when it is well`, async (t) => {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    const mend = await make(t, redis);
    const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
    const gate = here.gate('kube', '1.4.0');
    const said = await gate.waitForLine('waiting, not started');
    assert.match(said, line);
    assertOneLine(gate, /can't be used/);
    assert.ok(gate.isRunning && !here.hasClaim, gate.said);
    const fromMs = bootMs();
    await mend();
    await HostStandIn.start(t, redis);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    t.diagnostic(`${name}: well again to go ${gate.endedMs - fromMs} ms`);
    // Once, however often it was tried; on the way back the socket may have been missing for a moment.
    assert.equal(gate.stderrLines.filter((one) => one === said).length, 1, gate.stderr);
    // Five lines a minute are told: a missing socket on the way back takes the place of this one.
    if (!gate.stderr.includes('ENOENT')) await gate.waitForLine('the database is back');
    assert.equal((await redis.status())['docker_id'], here.id);
  });

  test(`the database ${name}: container_state says so in one line and ends with 69`, async (t) => {
    const redis = await PrivateRedis.start(t);
    await make(t, redis);
    const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
    for (const args of [['show'], ['up', 'local'], ['down', '--force']]) {
      const command = here.command('container_state', 'snmp', ...args);
      assert.deepEqual(await command.waitForEnd(), { code: 69, signal: null }, command.said);
      assert.equal(command.stdout, '');
      assert.equal(command.stderrLines.length, 1, command.stderr);
      assertOneLine(command, line);
      assert.ok(!here.hasClaim);
    }
  });

  test(`D2: the database ${name}: local goes at its limit, unrecorded`, async (t) => {
    const redis = await PrivateRedis.start(t);
    await make(t, redis);
    const kit = new Kit(t);
    const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, CTRKIT_LOCAL_DB_WAIT: '300ms' });
    const fromMs = bootMs();
    const gate = here.gate('local', '1.4.0');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    t.diagnostic(`${name}: limit 300 ms, local went after ${gate.endedMs - fromMs} ms`);
    assert.ok(gate.endedMs - fromMs >= 290);
    assert.equal(here.readClaim()['recorded'], false);
    assertOneLine(gate, /Starting without a record/);
  });
}

test('a database that goes away under a held gate, and comes back, is asked again; the hold is recorded again', async (t) => {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube({ status: { system_state: 'down' } });
  const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  const gate = here.gate('kube', '1.4.0');
  await gate.waitForLine('held (system-not-up)');
  await redis.kill();
  await gate.waitForLine('waiting, not started');
  await redis.start();
  // Empty: there is no owner, so the reason is another one now.
  await until('it is held', async () => (await redis.hold(here.id))['reason'] === 'owner-is-local');
  await redis.wantKube();
  await HostStandIn.start(t, redis);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test('a database that comes back empty while the gate waits for the host is asked anew', async (t) => {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  const gate = here.gate('kube', '1.4.0');
  await gate.waitForLine('waiting for the host');
  await redis.kill();
  await gate.waitForLine('waiting, not started');
  await restart(redis);
  await HostStandIn.start(t, redis);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

const options = { skip: noNamespaces };

interface Switch {
  readonly kit: Kit;
  readonly here: Container;
  /** What is /var/run/redis to the kit's commands. */
  readonly folder: string;
  readonly configFile: string;
  readonly run: (name: string, ...args: readonly string[]) => Program;
}

/** A switch as its containers see it: the databases are found by the files in /var/run/redis. */
function makeSwitch(t: TestContext, env: Record<string, string> = {}): Switch {
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', env);
  const folder = join(kit.folder, 'redis');
  const asicFolder = join(kit.folder, 'redis0');
  for (const path of [folder, asicFolder]) mkdirSync(join(path, 'sonic-db'), { recursive: true });
  return {
    kit,
    here,
    folder,
    configFile: join(folder, 'sonic-db/database_config.json'),
    run: (name, ...args) =>
      kit.runInNamespace([`/usr/bin/${name}`, ...args], here.env, { redis: folder, redis0: asicFolder }),
  };
}

const describeDatabases = (folder: string, ids: { config: number; state: number }): string =>
  JSON.stringify({
    INSTANCES: {
      redis: { hostname: '127.0.0.1', port: 1, unix_socket_path: `/var/run/${folder}/redis.sock` },
    },
    DATABASES: {
      CONFIG_DB: { id: ids.config, separator: '|', instance: 'redis' },
      STATE_DB: { id: ids.state, separator: '|', instance: 'redis' },
    },
    VERSION: '1.0',
  });

const CONFIG = describeDatabases('redis', { config: 4, state: 6 });
const GATE = ['container_startup', '-f', 'snmp', '-o', 'kube', '-v', '1.4.0'] as const;

test('without any file the databases are at the default socket', options, async (t) => {
  const { run, folder, here } = makeSwitch(t);
  const redis = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
  await redis.wantKube();
  await HostStandIn.start(t, redis);
  const gate = run(...GATE);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.equal((await redis.status())['docker_id'], here.id);
});

test('ids and sockets are those of database_config.json', options, async (t) => {
  const { run, folder, configFile, here } = makeSwitch(t);
  const redis = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
  writeFileSync(configFile, describeDatabases('redis', { config: 14, state: 16 }));
  const gate = run('container_startup', '-f', 'snmp', '-o', 'local', '-v', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.deepEqual(await redis.dump(), {});
  await redis.state.select(16);
  assert.equal((await redis.status())['docker_id'], here.id);
});

const BROKEN: readonly { readonly name: string; readonly text: string; readonly line: RegExp }[] = [
  { name: 'half-written', text: CONFIG.slice(0, CONFIG.length / 2), line: /is not JSON \(half-written\?\)/ },
  { name: 'empty', text: '', line: /is not JSON/ },
  { name: 'no JSON', text: 'redis.sock\n', line: /is not JSON/ },
  { name: 'a list', text: '[1, 2, 3]', line: /is not JSON/ },
  {
    name: 'without STATE_DB',
    text: CONFIG.replace('STATE_DB', 'STATE'),
    line: /DATABASES\.STATE_DB is missing/,
  },
  {
    name: 'with an id that is none',
    text: CONFIG.replace('"id":4', '"id":"4"'),
    line: /CONFIG_DB\.id is no/,
  },
  {
    name: 'with an instance that is none',
    text: CONFIG.replace('"INSTANCES":{"redis"', '"INSTANCES":{"other"'),
    line: /INSTANCES\.redis is missing/,
  },
];

for (const { name, text, line } of BROKEN) {
  test(
    `database_config.json ${name}: one line, nothing changed, and on when it is mended`,
    options,
    async (t) => {
      const { run, folder, configFile, here } = makeSwitch(t);
      const redis = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
      await redis.wantKube();
      await HostStandIn.start(t, redis);
      const before = await redis.dump();
      writeFileSync(configFile, text);

      const state = run('container_state', 'snmp', 'up', 'local');
      assert.deepEqual(await state.waitForEnd(), { code: 69, signal: null }, state.said);
      assert.equal(state.stderrLines.length, 1, state.stderr);
      assertOneLine(state, line);
      const gate = run(...GATE);
      const said = await gate.waitForLine('waiting, not started');
      assert.match(said, line);
      assert.match(said, /database_config\.json: .*(Wait|mend)/);
      assert.ok(gate.isRunning && !here.hasClaim);
      assert.deepEqual(await redis.dump(), before);

      const fromMs = bootMs();
      writeFileSync(configFile, CONFIG);
      assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
      t.diagnostic(`${name}: mended to go ${gate.endedMs - fromMs} ms`);
      assertOneLine(gate, line);
      assert.equal((await redis.status())['docker_id'], here.id);
    },
  );
}

test(
  'local goes at its limit when database_config.json is broken, and the agent records it when it is mended',
  options,
  async (t) => {
    const { kit, folder, configFile, here } = makeSwitch(t, { CTRKIT_LOCAL_DB_WAIT: '100ms' });
    const redis = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
    writeFileSync(configFile, CONFIG.slice(0, 40));
    // One namespace: the claim is of this start of the container.
    const gateAndAgent = '/usr/bin/container_startup -f snmp -o local -v 1.4.0 && exec /usr/bin/ctrkit_agent';
    const container = kit.runInNamespace(['sh', '-c', gateAndAgent], here.env, { redis: folder });
    await container.waitForLine('Starting without a record');
    await until('the claim is left', () => here.hasClaim);
    assert.equal(here.readClaim()['recorded'], false);
    assert.deepEqual(await redis.dump(), {});
    await until('the agent says so too', () =>
      container.stderrLines.some((line) => /ctrkit_agent: .*half-written/.test(line)),
    );
    writeFileSync(configFile, CONFIG);
    await until('it is recorded', async () => (await redis.status())['docker_id'] === here.id);
  },
);

interface MultiAsic extends Switch {
  readonly host: PrivateRedis;
  readonly asic: PrivateRedis;
}

/** The host's databases on one server, those of ASIC 0 on another, as database_global.json tells. */
async function makeMultiAsic(t: TestContext, globalText?: string): Promise<MultiAsic> {
  const made = makeSwitch(t, { NAMESPACE_ID: '0' });
  const { kit, folder, configFile } = made;
  const host = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
  const asic = await PrivateRedis.start(t, { socketPath: join(kit.folder, 'redis0/redis.sock') });
  writeFileSync(configFile, CONFIG);
  writeFileSync(
    join(kit.folder, 'redis0/sonic-db/database_config.json'),
    describeDatabases('redis0', { config: 4, state: 6 }),
  );
  const includes = [
    { include: '../../redis/sonic-db/database_config.json' },
    { namespace: 'asic0', include: '../../redis0/sonic-db/database_config.json' },
    { namespace: 'asic1', include: '../../redis1/sonic-db/database_config.json' },
  ];
  const text = globalText ?? JSON.stringify({ INCLUDES: includes, VERSION: '1.0' });
  writeFileSync(join(folder, 'sonic-db/database_global.json'), text);
  // What the shipped gate would have found: neither configuration nor system_state for it (D3, D28).
  await host.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled' });
  await asic.config.hset('FEATURE|snmp', { set_owner: 'local', state: 'disabled' });
  return { ...made, host, asic };
}

test(
  'a database that has moved is found by its file: the agent records its claim there (G15)',
  options,
  async (t) => {
    const { kit, here, folder, configFile } = makeSwitch(t);
    const before = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock') });
    writeFileSync(configFile, CONFIG);
    const gate = ['/usr/bin/container_startup', '-f', 'snmp', '-o', 'local', '-v', '1.4.0'];
    const script = '"$@" && exec /usr/bin/ctrkit_agent';
    const container = kit.runInNamespace(['sh', '-c', script, 'sh', ...gate], here.env, { redis: folder });
    await until('it beats', async () => (await before.row('CONTAINER_HEALTH|snmp'))['docker_id'] === here.id);
    const { claim_token: token } = await before.status();
    const after = await PrivateRedis.start(t, { socketPath: join(folder, 'moved.sock') });
    writeFileSync(configFile, CONFIG.replace('redis.sock', 'moved.sock'));
    await before.kill();
    await until('it beats there', async () => (await after.row('CONTAINER_HEALTH|snmp'))['token'] === token);
    const { claim_token, docker_id } = await after.status();
    assert.deepEqual({ claim_token, docker_id }, { claim_token: token, docker_id: here.id }, container.said);
  },
);

test('a socket that this user may not open: TCP is tried (G16)', options, async (t) => {
  const { kit, here, folder, configFile } = makeSwitch(t);
  const redis = await PrivateRedis.start(t, { socketPath: join(folder, 'redis.sock'), tcp: true });
  await redis.wantKube();
  chmodSync(join(folder, 'redis.sock'), 0o760);
  writeFileSync(configFile, CONFIG.replace('"port":1,', `"port":${redis.port},`));
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const command = kit.runInNamespace(
    [...asNobody, '/usr/bin/container_state', 'snmp', 'show'],
    { ...here.env, CTRKIT_RUN_DIR: '/nonexistent' },
    { redis: folder },
  );
  assert.deepEqual(await command.waitForEnd(), GO, command.said);
  assert.match(command.stdout, /set_owner kube/);
});

test('what stands at the default socket and is none: TCP is tried (G16)', options, async (t) => {
  const { kit, here, folder } = makeSwitch(t);
  mkdirSync(join(folder, 'redis.sock'));
  // A network of its own: whoever listens at the default port of this machine is not asked.
  const command = kit.runInNamespace(
    ['unshare', '--net', '/usr/bin/container_state', 'snmp', 'show'],
    here.env,
    { redis: folder },
  );
  assert.deepEqual(await command.waitForEnd(), { code: 69, signal: null }, command.said);
  assert.match(command.stderr, /Redis at redis:\/\/127\.0\.0\.1:6379 can't be used/);
});

test('on multi-ASIC up and down by hand tell the host’s row, too (G21)', options, async (t) => {
  const { run, host, asic, kit, folder, here } = await makeMultiAsic(t);
  await host.state.hset('FEATURE|snmp0', { system_state: 'up', remote_state: 'stopped' });
  // One namespace, as in one container: the claim of another is not this one's.
  const script = 'container_state snmp up kube -v 1.4.0 && read -r _ && container_state snmp down';
  const binds = { redis: folder, redis0: join(kit.folder, 'redis0') };
  const shell = kit.runInNamespace(['sh', '-c', script], here.env, binds);
  await shell.waitForLine('snmp: up');
  assert.equal((await host.row('FEATURE|snmp0'))['remote_state'], 'running');
  shell.child.stdin?.write('\n');
  assert.deepEqual(await shell.waitForEnd(), GO, shell.said);
  assert.equal((await asic.status())['current_owner'], 'none');
  assert.equal((await host.row('FEATURE|snmp0'))['remote_state'], 'stopped');
  const local = run('container_state', 'snmp', 'up', 'local', '-v', '1.4.0');
  assert.deepEqual(await local.waitForEnd(), GO, local.said);
  for (const redis of [host, asic])
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_local: '1.4.0' });
});

/** A container of ASIC 0: its gate, and then its agent. */
const runOnAsic = ({ kit, folder, here }: MultiAsic): Program =>
  kit.runInNamespace(
    ['sh', '-c', '"$@" && exec /usr/bin/ctrkit_agent', 'sh', `/usr/bin/${GATE[0]}`, ...GATE.slice(1)],
    here.env,
    { redis: folder, redis0: join(kit.folder, 'redis0') },
  );

test(
  'D28: on multi-ASIC the configuration is the host’s, the record the ASIC’s, and the host’s own row is asked and told',
  options,
  async (t) => {
    const scene = await makeMultiAsic(t);
    const { host, asic, here } = scene;
    const container = runOnAsic(scene);
    const held = await until('it is held', async () => {
      const row = await asic.hold(here.id);
      return row['reason'] === 'system-not-up' && row;
    });
    assert.equal(held['version'], '1.4.0');
    assert.ok(container.isRunning && !here.hasClaim);

    await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
    await until('both are asked', async () => {
      const states = [await host.row('FEATURE|snmp0'), await asic.status()];
      return states.every((row) => row['remote_state'] === 'pending');
    });
    assert.ok(container.isRunning && !here.hasClaim);
    // The shipped host side knows no other row than this one.
    await host.state.hset('FEATURE|snmp0', 'remote_state', 'ready');
    await until('it beats', async () => (await asic.row('CONTAINER_HEALTH|snmp'))['docker_id'] === here.id);
    const { current_owner, docker_id, container_id, container_version, remote_state } = await asic.status();
    assert.deepEqual(
      { current_owner, docker_id, container_id, container_version, remote_state },
      {
        current_owner: 'kube',
        docker_id: here.id,
        container_id: here.id,
        container_version: '1.4.0',
        remote_state: 'running',
      },
    );
    assert.deepEqual(await host.row('FEATURE|snmp0'), { system_state: 'up', remote_state: 'running' });
    assert.deepEqual(await host.status(), {});

    container.signal('SIGTERM');
    assert.deepEqual(await container.waitForEnd(), GO, container.said);
    assert.equal((await asic.status())['current_owner'], 'none');
    assert.deepEqual(await host.row('FEATURE|snmp0'), { system_state: 'up', remote_state: 'stopped' });
    assert.deepEqual(await host.row('CONTAINER_HEALTH|snmp'), {});
  },
);

/** The mounts that `ctrkit manifest` writes for ASIC 0: the host's file names a socket that is the ASIC's own here. */
const runInPod = ({ kit, folder, here }: MultiAsic): Program => {
  const asicFolder = join(kit.folder, 'redis0');
  return kit.runInNamespace(
    ['sh', '-c', '"$@" && exec /usr/bin/ctrkit_agent', 'sh', `/usr/bin/${GATE[0]}`, ...GATE.slice(1)],
    { ...here.env, CTRKIT_HEARTBEAT_INTERVAL: '1s' },
    { redis: asicFolder, redis0: asicFolder, 'redis-host': folder },
  );
};

test(
  'a pod of an ASIC asks the host’s server (S1), and tells it again what it has lost (S2)',
  options,
  async (t) => {
    const scene = await makeMultiAsic(t);
    const { host, asic, here } = scene;
    await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
    await HostStandIn.start(t, host, { key: 'FEATURE|snmp0' });
    const container = runInPod(scene);
    await until('it beats', async () => (await asic.row('CONTAINER_HEALTH|snmp'))['docker_id'] === here.id);
    assert.equal((await host.row('FEATURE|snmp0'))['remote_state'], 'running');
    await host.state.flushdb();
    const told = async () => (await host.row('FEATURE|snmp0'))['remote_state'] === 'running';
    await until('the host is told again', told);
    await host.state.hset('FEATURE|snmp0', { system_state: 'up', remote_state: 'none' });
    const { seq } = await asic.row('CONTAINER_HEALTH|snmp');
    await until('it beats on', async () => {
      const beat = await asic.row('CONTAINER_HEALTH|snmp');
      return Number(beat['seq']) >= Number(seq) + 2;
    });
    assert.deepEqual(await host.row('FEATURE|snmp0'), { system_state: 'up', remote_state: 'none' });
    container.signal('SIGTERM');
    assert.deepEqual(await container.waitForEnd(), GO, container.said);
  },
);

test('on multi-ASIC a release leaves a none of the host as it is (G9)', options, async (t) => {
  const scene = await makeMultiAsic(t);
  const { host, asic, here } = scene;
  await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
  const container = runOnAsic(scene);
  await until('the host is asked', async () => (await asic.status())['remote_state'] === 'pending');
  await host.state.hset('FEATURE|snmp0', 'remote_state', 'ready');
  await until('it beats', async () => (await asic.row('CONTAINER_HEALTH|snmp'))['docker_id'] === here.id);
  await host.state.hset('FEATURE|snmp0', 'remote_state', 'none');
  container.signal('SIGTERM');
  assert.deepEqual(await container.waitForEnd(), GO, container.said);
  assert.equal((await asic.status())['current_owner'], 'none');
  assert.deepEqual(await host.row('FEATURE|snmp0'), { system_state: 'up', remote_state: 'none' });
});

test(
  'on multi-ASIC an old ready of the host answers no question that it could not be asked (G10)',
  options,
  async (t) => {
    const { run, host, asic } = await makeMultiAsic(t);
    await host.state.hset('FEATURE|snmp0', { system_state: 'up', remote_state: 'ready' });
    await asic.state.hset('FEATURE|snmp', { remote_state: 'none' });
    await host.state.config('SET', 'maxmemory', '1');
    const gate = run(...GATE);
    await gate.waitForLine('waiting, not started: Redis at');
    await gate.waitForLine('OOM');
    const { remote_state, claim_token } = await asic.status();
    assert.deepEqual([remote_state, claim_token], ['none', undefined]);
    await host.state.config('SET', 'maxmemory', '0');
    await until('both are asked', async () => {
      const states = [await host.row('FEATURE|snmp0'), await asic.status()];
      return states.every((row) => row['remote_state'] === 'pending');
    });
    await host.state.hset('FEATURE|snmp0', 'remote_state', 'ready');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  },
);

test(
  'on multi-ASIC a claim that the host’s row can not be told of is made once, and the gate goes (G10)',
  options,
  async (t) => {
    const { run, host, asic, here } = await makeMultiAsic(t);
    await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
    const gate = run(...GATE);
    await until('the host is asked', async () => (await asic.status())['remote_state'] === 'pending');
    await host.state
      .multi()
      .hset('FEATURE|snmp0', 'remote_state', 'ready')
      .config('SET', 'maxmemory', '1')
      .exec();
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assert.match(gate.stderr, /the host's own row does not tell of the claim: .*OOM/);
    assert.equal((await asic.status())['docker_id'], here.id);
  },
);

test(
  'D28: what the ASIC’s own row says comes first, and a block counts in either database',
  options,
  async (t) => {
    const { run, host, asic, here } = await makeMultiAsic(t);
    await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
    await asic.state.hset('FEATURE|snmp', { system_state: 'down' });
    const gate = run(...GATE);
    await until('held', async () => (await asic.hold(here.id))['reason'] === 'system-not-up');
    await asic.state.hset('FEATURE|snmp', { system_state: 'up' });
    await gate.waitForLine('waiting for the host');
    await host.state.hset('KUBE_LABELS|SET', 'snmp_1.4.0_enabled', 'false');
    await until('held', async () => (await asic.hold(here.id))['reason'] === 'version-blocked');
    await host.config.hset('FEATURE|snmp', 'state', 'disabled');
    await until('held', async () => (await asic.hold(here.id))['reason'] === 'feature-disabled');
    assert.ok(gate.isRunning && !here.hasClaim);
  },
);

test(
  'D28: owner local writes its label where the ASIC and where the host look for it',
  options,
  async (t) => {
    const { run, host, asic, here } = await makeMultiAsic(t);
    const gate = run('container_startup', '-f', 'snmp', '-o', 'local', '-v', '1.4.0');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    for (const redis of [host, asic])
      assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_local: '1.4.0' });
    assert.equal((await asic.status())['docker_id'], here.id);
    assert.deepEqual(await host.status(), {});
  },
);

test('on multi-ASIC the host’s Redis alone being away is enough to wait', options, async (t) => {
  const { run, host, asic, here } = await makeMultiAsic(t);
  await host.kill();
  const gate = run(...GATE);
  // A socket that is not there is not preferred: the file's TCP port is tried, where nobody listens.
  await gate.waitForLine(/waiting, not started: Redis at .* can't be used/);
  assert.ok(gate.isRunning && !here.hasClaim);
  assert.deepEqual(await asic.status(), {});
  await host.start();
  await host.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled' });
  await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
  await HostStandIn.start(t, host, { key: 'FEATURE|snmp0' });
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test(
  'database_global.json half-written: one line, nothing changed, and on when it is mended',
  options,
  async (t) => {
    const { run, host, asic, here, folder } = await makeMultiAsic(t, '{"INCLUDES":[{"incl');
    await host.state.hset('FEATURE|snmp0', { system_state: 'up' });
    const before = [await host.dump(), await asic.dump()];
    const gate = run(...GATE);
    assert.match(await gate.waitForLine('waiting, not started'), /database_global\.json: .*half-written/);
    assert.deepEqual([await host.dump(), await asic.dump()], before);
    assert.ok(gate.isRunning && !here.hasClaim);
    await HostStandIn.start(t, host, { key: 'FEATURE|snmp0' });
    const includes = [
      { include: '../../redis/sonic-db/database_config.json' },
      { namespace: 'asic0', include: '../../redis0/sonic-db/database_config.json' },
    ];
    writeFileSync(join(folder, 'sonic-db/database_global.json'), JSON.stringify({ INCLUDES: includes }));
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assertOneLine(gate, /half-written/);
  },
);

test(
  'an ASIC that database_global.json does not name is served by database_config.json, with a warning',
  options,
  async (t) => {
    const { run, host, asic, here } = await makeMultiAsic(t, '{"INCLUDES":[]}');
    const gate = run('container_startup', '-f', 'snmp', '-o', 'local', '-v', '1.4.0');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assert.match(gate.stderr, /NAMESPACE_ID is 0 but .*database_global\.json names no host or no such ASIC/);
    assert.equal((await host.status())['docker_id'], here.id);
    assert.deepEqual(await asic.status(), {});
  },
);
