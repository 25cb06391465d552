import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type Server as SocketServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { bootMs } from '../support/boot-clock.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { type Program } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const built = fileURLToPath(new URL('../../dist/host', import.meta.url));
const IMAGE = `sha256:${'1'.repeat(64)}`;
const OTHER_IMAGE = `sha256:${'2'.repeat(64)}`;
const CONTAINER = 'a'.repeat(64);
/** As much of the Docker Engine API as the daemon asks for: one image and one container. */
class TinyEngine {
  readonly path: string;
  readonly #open = new Set<ServerResponse>();
  #server: Server | undefined;
  #imageId = IMAGE;

  constructor(path: string) {
    this.path = path;
  }

  /** In place of the one before. */
  putImage(id: string): void {
    this.#imageId = id;
    for (const response of this.#open) response.write('{"Type":"image","Action":"tag","Actor":{"ID":"x"}}\n');
  }

  async start(): Promise<void> {
    const describeImage = () => ({
      Id: this.#imageId,
      RepoTags: ['docker-snmp:latest'],
      RepoDigests: [],
      Created: 1,
      Size: 1,
    });
    const container = { Id: CONTAINER, Names: ['/k8s_snmp'], ImageID: IMAGE, Image: IMAGE, State: 'running' };
    const server = createServer((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      if (request.url?.includes('/events')) {
        this.#open.add(response);
        response.flushHeaders();
      } else
        response.end(JSON.stringify(request.url?.includes('/images/') ? [describeImage()] : [container]));
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
  }

  stop(): void {
    for (const response of this.#open) response.destroy();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

/** Takes connections and says nothing. */
function listenInSilence(t: TestContext, path: string): Promise<void> {
  const sockets = new Set<Socket>();
  const server: SocketServer = createSocketServer((socket) => sockets.add(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => server.listen(path, resolve));
}

async function prepare(t: TestContext, { hasEngine = true, hasRedis = true } = {}) {
  const kit = new Kit(t);
  const redis = PrivateRedis.prepare(t, { socketPath: join(kit.folder, 'redis.sock') });
  if (hasRedis) {
    await redis.start();
    await redis.wantKube();
  }
  const engine = new TinyEngine(join(kit.folder, 'docker.sock'));
  t.after(() => engine.stop());
  if (hasEngine) await engine.start();
  // Elsewhere: no build that runs meanwhile pulls it from under a test.
  const overlay = join(kit.folder, 'host');
  cpSync(built, overlay, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(kit.folder, 'names.json'), '{"snmp":"docker-snmp"}');
  const state = join(kit.folder, 'state');
  const env = {
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: state,
    CTRKIT_RUN_DIR: join(kit.folder, 'run'),
    CTRKIT_IMAGE_NAMES: join(kit.folder, 'names.json'),
    CTRKIT_RESTART_COMMAND: '/bin/true {feature}',
    CTRKIT_FALLBACK_GRACE: '0',
    // The tests say themselves whether there is a master.
    CTRKIT_KUBECONFIG: 'none',
    CTRKIT_FALLBACK_COOL_DOWN: '0',
    DOCKER_HOST: `unix://${engine.path}`,
  };
  const command = join(overlay, 'usr/bin/ctrkitd');
  const start = (args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): Program =>
    kit.run([command, ...args], { ...env, ...more });
  const readView = (): DaemonView | undefined => {
    const path = join(env.CTRKIT_RUN_DIR, 'ctrkitd.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DaemonView) : undefined;
  };
  const ledger = (): string => {
    const path = join(state, 'ledger.json');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const untilView = (what: string, look: (view: DaemonView) => boolean): Promise<boolean> =>
    until(what, () => {
      const view = readView();
      return view !== undefined && look(view);
    });
  return { kit, redis, engine, state, env, command, start, readView, ledger, untilView };
}

async function assertEnds(program: Program): Promise<void> {
  program.signal('SIGTERM');
  assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
}

const isWell = ({ problems, features }: DaemonView): boolean =>
  problems.length === 0 && features['snmp'] !== undefined;

describe('ctrkitd as a process', { timeout: 600_000 }, () => {
  before(() => assert.ok(existsSync(built), 'dist/host is missing: run npm run build first'));

  test('--help says what it does, and wrong usage is one line and 64', async (t) => {
    const { start } = await prepare(t, { hasEngine: false, hasRedis: false });
    const help = start(['--help']);
    assert.deepEqual(await help.waitForEnd(), { code: 0, signal: null });
    assert.match(help.stdout, /--shadow/);
    assert.equal(help.stderr, '');
    for (const [args, says, env] of [
      [['--certify'], /unknown option '--certify'/, {}],
      [['snmp'], /too many arguments/, {}],
      [['--restart-command', 'reboot'], /write \{feature\}/, {}],
      [[], /Docker engine's address/, { DOCKER_HOST: 'tcp://10.0.0.1:2375' }],
      [['--redis', 'http://localhost'], /redis/, {}],
    ] as const) {
      const wrong = start(args, env);
      const said = { code: 64, signal: null };
      assert.deepEqual(await wrong.waitForEnd(), said, `${args.join(' ')}: ${wrong.said}`);
      assert.match(wrong.stderr, says);
      assert.equal(wrong.stderrLines.length, 1, wrong.stderr);
    }
  });

  test('says at its start that the restart command can not be run, once, and runs all the same', async (t) => {
    const { start, untilView } = await prepare(t);
    const daemon = start([], { CTRKIT_RESTART_COMMAND: 'sytemctl restart {feature}' });
    await daemon.waitForLine(/no service can be restarted: "sytemctl" .*CTRKIT_RESTART_COMMAND/);
    await untilView('it is well', isWell);
    assert.equal(daemon.stderrLines.filter((line) => line.includes('sytemctl')).length, 1, daemon.stderr);
    await assertEnds(daemon);
  });

  test('says in one line that /proc is not mounted, and what to do', async (t) => {
    const { kit, command, env } = await prepare(t);
    const hide = ['unshare', '-m', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
    const daemon = kit.run([...hide, command], env);
    assert.deepEqual(await daemon.waitForEnd(), { code: 70, signal: null }, daemon.said);
    assert.match(
      daemon.stderrLines.at(-1) ?? '',
      /error: \/proc\/uptime can't be read: is \/proc mounted here\?/,
    );
    assert.doesNotMatch(daemon.stderr, /a defect/);
  });

  test('without an engine it starts, says what is missing, and goes on when it comes', async (t) => {
    const { start, engine, untilView, ledger } = await prepare(t, { hasEngine: false });
    const daemon = start();
    await daemon.waitForLine(/docker\.sock.*nothing is certified, reaped or cleaned up meanwhile/);
    await untilView(
      'it shows the feature',
      ({ features, problems }) =>
        features['snmp'] !== undefined && problems.includes('the Docker engine is away'),
    );
    assert.equal(ledger(), '');
    await engine.start();
    await daemon.waitForLine('the Docker engine answers again');
    await untilView('it is well', isWell);
    await until('the switch’s own image is golden', () => ledger().includes(IMAGE));
    await assertEnds(daemon);
  });

  test('without databases it starts, says so once, and goes on when they come, and come back', async (t) => {
    const { start, redis, untilView } = await prepare(t, { hasRedis: false });
    const daemon = start();
    await daemon.waitForLine(/redis\.sock.*nothing is decided meanwhile/);
    await untilView('it shows the problem', ({ problems }) =>
      problems.some((text) => text.includes('Redis')),
    );
    await redis.start();
    await redis.wantKube();
    await untilView('it is well', isWell);
    await redis.kill();
    await untilView('it has noticed', ({ problems }) => problems.length > 0);
    await redis.start();
    await redis.wantKube();
    await untilView('it is well again', isWell);
    await until(
      'the golden version is told again',
      async () => 'container_stable_version' in (await redis.status()),
    );
    const outages = daemon.stderrLines.filter((line) => line.includes('nothing is decided'));
    assert.ok(outages.length <= 6, daemon.stderr);
    await assertEnds(daemon);
  });

  test('a second one on the same host is refused with a clear line, a shadow is not', async (t) => {
    const { start, untilView } = await prepare(t);
    const daemon = start();
    await untilView('it runs', isWell);
    const second = start();
    assert.deepEqual(await second.waitForEnd(), { code: 64, signal: null });
    assert.match(
      second.stderr,
      /^ctrkitd: error: another ctrkitd already runs on this host: stop that one first/,
    );
    const shadow = start(['--shadow']);
    await shadow.waitForLine('shadow: decides and reports, touches nothing');
    await assertEnds(shadow);
    daemon.signal('SIGKILL');
    await daemon.waitForEnd();
    const next = start();
    await next.waitForLine('started');
    await assertEnds(next);
  });

  test('SIGTERM ends it: idle, while Redis hangs, while the engine hangs', async (t) => {
    const { kit, start, redis, untilView, readView } = await prepare(t);
    const idle = start();
    await untilView('it runs', isWell);
    await assertEnds(idle);
    assert.equal(readView(), undefined, 'nobody takes it for one that runs');
    const stuck = start();
    await untilView('it runs', isWell);
    redis.freeze();
    await stuck.waitForLine('nothing is decided meanwhile');
    await assertEnds(stuck);
    redis.thaw();
    const silent = join(kit.folder, 'silent.sock');
    await listenInSilence(t, silent);
    const waiting = start([], { DOCKER_HOST: `unix://${silent}` });
    await waiting.waitForLine('started');
    await untilView('it looks', ({ features }) => features['snmp'] !== undefined);
    await assertEnds(waiting);
  });

  test('SIGTERM ends it while a service takes its time to restart', async (t) => {
    const { kit, start, redis } = await prepare(t);
    const script = join(kit.folder, 'slow');
    writeFileSync(script, '#!/bin/sh\necho $$ >"$0.began"\nexec sleep 6000\n', { mode: 0o755 });
    await redis.putHolder(CONTAINER.slice(0, 12), '2.0', { intervalMs: 600_000, beatMs: bootMs() });
    const daemon = start(['--restart-command', `${script} {feature}`]);
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local' });
    await until('the restart is under way', () => existsSync(`${script}.began`));
    await assertEnds(daemon);
  });

  test('a file in the place of its folder: it says so and ends with 69, for systemd to start it again', async (t) => {
    const { start, state } = await prepare(t);
    writeFileSync(state, 'not a folder');
    const daemon = start();
    assert.deepEqual(await daemon.waitForEnd(), { code: 69, signal: null });
    assert.match(daemon.stderr, /^ctrkitd: error: the ledger in \S+ can't be read: .*\n$/);
    assert.equal(readFileSync(state, 'utf8'), 'not a folder');
  });

  test('a folder that goes while it runs: it says so, goes on, and forgets nothing', async (t) => {
    const { start, state, ledger, engine, untilView } = await prepare(t);
    const daemon = start();
    await until('the switch’s own image is golden', () => ledger().includes(IMAGE));
    const known = ledger();
    renameSync(state, `${state}.away`);
    writeFileSync(state, 'not a folder');
    // The golden image is gone, and another one is the local one: something to write down.
    engine.putImage(OTHER_IMAGE);
    await daemon.waitForLine(/adopt-shipped failed: the ledger in \S+ can't be written: ENOTDIR/);
    await untilView('it goes on', isWell);
    rmSync(state);
    renameSync(`${state}.away`, state);
    assert.equal(ledger(), known);
    await until('it is written down', () => ledger().includes(OTHER_IMAGE));
    await assertEnds(daemon);
  });

  test(
    'a disk that is full: it says so, goes on, and writes once there is room',
    { skip: noNamespaces },
    async (t) => {
      const { kit, state, env, command, untilView } = await prepare(t);
      mkdirSync(state);
      const script = [
        `mount -t tmpfs -o size=16k tmpfs ${state}`,
        `cat /dev/zero >${state}/fill 2>/dev/null`,
        'exec "$@"',
      ].join('\n');
      const daemon = kit.run(['unshare', '-m', 'sh', '-c', script, 'sh', command], env);
      await daemon.waitForLine(/adopt-shipped failed: the ledger in \S+ can't be written: ENOSPC/);
      await untilView('it goes on', isWell);
      const inside = (...words: string[]): Program =>
        kit.run(['nsenter', '-t', `${daemon.pid}`, '-m', ...words]);
      await inside('rm', `${state}/fill`).waitForEnd();
      await daemon.waitForLine('is the shipped one');
      const shown = inside('cat', `${state}/ledger.json`);
      await shown.waitForEnd();
      assert.match(shown.stdout, new RegExp(IMAGE));
      await assertEnds(daemon);
    },
  );

  test('garbage in every row neither ends it nor makes it do anything', async (t) => {
    const { start, redis, untilView, ledger, kit } = await prepare(t);
    const script = join(kit.folder, 'restart');
    writeFileSync(script, '#!/bin/sh\n: >"$0.began"\n', { mode: 0o755 });
    const daemon = start(['--restart-command', `${script} {feature}`]);
    // Its repository is written in a step of its own.
    await until('the switch’s own image is golden', () =>
      [IMAGE, 'localRepository'].every((text) => ledger().includes(text)),
    );
    const known = ledger();
    const junk = [
      randomBytes(300),
      Buffer.alloc(1 << 20, 'x'),
      ...['-1', 'NaN', '1e999', '99999999999999999999', '{"a":[', '\u0000', '../../etc/passwd', ' '].map(
        (text) => Buffer.from(text),
      ),
    ];
    const rows: [keyof Pick<PrivateRedis, 'config' | 'state'>, string, string[]][] = [
      [
        'state',
        'FEATURE|snmp',
        [
          'current_owner',
          'docker_id',
          'container_id',
          'container_version',
          'remote_state',
          'system_state',
          'claim_token',
          'claim_boot_id',
          'claim_ms',
          'update_time',
        ],
      ],
      [
        'state',
        'CONTAINER_HEALTH|snmp',
        [
          'token',
          'owner',
          'version',
          'boot_id',
          'status',
          'seq',
          'interval_ms',
          'beat_ms',
          'healthy_since_ms',
          'restarts',
        ],
      ],
      ['state', 'KUBE_LABELS|SET', ['snmp_local', 'snmp_enabled', 'snmp_2.0_enabled']],
      ['state', 'KUBERNETES_MASTER|SERVER', ['connected', 'server_reachability']],
      [
        'config',
        'IMAGE_MGMT|GLOBAL',
        ['Disable', 'active_time_to_mark_good', 'fail_time_to_fallback', 'purge_older_image'],
      ],
      ['config', 'IMAGE_MGMT|snmp', ['tag_new_as_local']],
      ['config', 'FEATURE|snmp', ['no_fallback_to_local', 'remote_fail_detection', 'state']],
    ];
    for (const text of junk) {
      for (const [db, key, fields] of rows)
        await redis[db].hset(key, Object.fromEntries(fields.map((field) => [field, text])));
      // And features of no legal name.
      await redis.config.hset(
        Buffer.concat([Buffer.from('FEATURE|'), text.subarray(0, 200)]),
        'set_owner',
        text,
      );
    }
    await redis.config.hset('FEATURE|lldp', { set_owner: 'kube', state: 'enabled' });
    await untilView(
      'it goes on',
      ({ features }) => features['lldp'] !== undefined && features['snmp'] !== undefined,
    );
    assert.ok(daemon.isRunning, daemon.said);
    assert.equal(ledger(), known);
    assert.ok(!existsSync(`${script}.began`), daemon.said);
    await assertEnds(daemon);
  });

  test('a key of another type is in the way of its own feature only, and told', async (t) => {
    const { start, redis, untilView } = await prepare(t);
    await redis.state.set('CONTAINER_HEALTH|lldp', 'no hash');
    await redis.config.hset('FEATURE|lldp', { set_owner: 'kube', state: 'enabled' });
    const daemon = start([]);
    await untilView('snmp is judged', ({ features }) => features['snmp'] !== undefined);
    await until('it says why lldp is not', () =>
      /lldp: a key of it is no hash: .*WRONGTYPE/.test(daemon.said),
    );
    await redis.state.del('CONTAINER_HEALTH|lldp');
    await untilView('lldp is judged as well', ({ features }) => features['lldp'] !== undefined);
    await assertEnds(daemon);
  });
});
