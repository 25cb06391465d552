import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FEATURE_METRIC } from '../../src/contract/metrics/feature-metrics.ts';
import { HOST_METRIC } from '../../src/contract/metrics/host-metrics.ts';
import { bootMs } from '../support/boot-clock.ts';
import { parseExposition } from '../support/exposition.ts';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { EngineStandIn } from '../support/engine-stand-in.ts';

const built = fileURLToPath(new URL('../../dist/host', import.meta.url));
const CONTAINER = 'a'.repeat(64);
type Target = { readonly socketPath: string } | { readonly host: string; readonly port: number };
type Labels = Readonly<Record<string, string>>;

/** One exchange on a connection of its own. */
const ask = (target: Target, path = '/metrics', method = 'GET') =>
  new Promise<{ readonly status: number; readonly type: string; readonly body: string }>(
    (resolve, reject) => {
      const exchange = request({ ...target, path, method, agent: false, timeout: 60_000 }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
        );
      });
      exchange.on('timeout', () => exchange.destroy(new Error('no answer')));
      exchange.on('error', reject);
      exchange.end();
    },
  );

async function readMetric(target: Target, name: string, labels: Labels = {}): Promise<number | undefined> {
  const { body } = await ask(target);
  return parseExposition(body)
    .get(name)
    ?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    ?.value;
}

/** Waits until the metric has this value; until then the server need not be there. */
const untilMetric = (target: Target, name: string, wanted: number | undefined, labels: Labels = {}) =>
  until(`${name} ${JSON.stringify(labels)} is ${wanted}`, () =>
    readMetric(target, name, labels).then(
      (value) => value === wanted,
      () => false,
    ),
  );

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function prepare(t: TestContext) {
  const kit = new Kit(t);
  const redis = PrivateRedis.prepare(t, { socketPath: join(kit.folder, 'redis.sock') });
  const overlay = join(kit.folder, 'host');
  cpSync(built, overlay, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(kit.folder, 'names.json'), '{"snmp":"docker-snmp"}');
  const enginePath = join(kit.folder, 'docker.sock');
  const socketPath = join(kit.folder, 'run', 'metrics.sock');
  const env = {
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: join(kit.folder, 'state'),
    CTRKIT_RUN_DIR: join(kit.folder, 'run'),
    CTRKIT_IMAGE_NAMES: join(kit.folder, 'names.json'),
    CTRKIT_RESTART_COMMAND: '/bin/true {feature}',
    CTRKIT_KUBECONFIG: 'none',
    CTRKIT_HTTP: `unix://${socketPath}`,
    DOCKER_HOST: `unix://${enginePath}`,
  };
  mkdirSync(env.CTRKIT_RUN_DIR);
  const start = (more: Labels = {}, args: readonly string[] = []): Program =>
    kit.run([join(overlay, 'usr/bin/ctrkitd'), ...args], { ...env, ...more });
  const startEngine = async () => {
    const image = { imageId: `sha256:${'1'.repeat(64)}`, reference: 'docker-snmp:latest' };
    const engine = new EngineStandIn({ containers: [{ id: CONTAINER, name: 'k8s_snmp', ...image }] });
    await engine.start(enginePath);
    t.after(() => engine.stop());
    return () => engine.stop();
  };
  return { kit, redis, env, start, startEngine, socketPath, target: { socketPath } };
}

async function assertEnds(program: Program): Promise<void> {
  program.signal('SIGTERM');
  assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
}

/** Whether somebody takes connections there. */
const isListening = (target: { readonly path: string } | { readonly host: string; readonly port: number }) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(target);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('the metrics of ctrkitd', { timeout: 600_000 }, () => {
  before(() => assert.ok(existsSync(built), 'dist/host is missing: run npm run build first'));

  test('are on a unix socket that only root may use, and go with the daemon', async (t) => {
    const { start, startEngine, redis, socketPath, target } = await prepare(t);
    await startEngine();
    await redis.start();
    await redis.wantKube();
    await redis.putHolder(CONTAINER.slice(0, 12), '2.0', { intervalMs: 600_000, beatMs: bootMs() });
    await redis.putHolds(2);
    const daemon = start();
    await daemon.waitForLine(`metrics: unix socket ${socketPath}`);
    await untilMetric(target, 'ctrkit_feature_remote_state', 1, { feature: 'snmp', state: 'running' });
    await untilMetric(target, 'ctrkit_host_engine_up', 1);
    await untilMetric(target, 'ctrkit_feature_holds', 2, { feature: 'snmp' });
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    const { status, type, body } = await ask(target);
    assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    const known = new Set(
      [...Object.values(HOST_METRIC), ...Object.values(FEATURE_METRIC)].map(({ name }) => name),
    );
    for (const name of parseExposition(body).keys()) assert.ok(known.has(name), name);
    assert.match(body, /^ctrkit_host_build_info\{version="\d+\.\d+\.\d+",node="v\d+\.\d+\.\d+"\} 1$/m);
    assert.doesNotMatch(body, new RegExp(CONTAINER.slice(0, 12)));
    assert.equal((await ask(target, '/')).status, 404);
    assert.equal((await ask(target, '/metrics', 'POST')).status, 405);
    await assertEnds(daemon);
    assert.equal(existsSync(socketPath), false);
  });

  test('are on a port of the loopback where that is asked for, and nowhere without being asked for', async (t) => {
    const { kit, start, redis, startEngine } = await prepare(t);
    await startEngine();
    await redis.start();
    const port = await findFreePort();
    const target = { host: '127.0.0.1', port };
    const silent = start({ CTRKIT_HTTP: '' });
    await silent.waitForLine('started');
    assert.equal(await isListening(target), false);
    assert.equal(existsSync(join(kit.folder, 'run', 'metrics.sock')), false);
    assert.doesNotMatch(silent.stderr, /metrics|HTTP/);
    await assertEnds(silent);
    const daemon = start({ CTRKIT_HTTP: `localhost:${port}` });
    await untilMetric(target, 'ctrkit_host_databases_up', 1);
    assert.equal(await isListening({ host: '127.0.0.2', port }), false);
    await assertEnds(daemon);
    assert.equal(await isListening(target), false);
  });

  test('are refused, with one warning, on an address that others could reach; all else goes on', async (t) => {
    const { start, redis } = await prepare(t);
    await redis.start();
    const port = await findFreePort();
    for (const address of [
      `0.0.0.0:${port}`,
      `[::]:${port}`,
      `10.0.0.1:${port}`,
      'unix:relative',
      `${port}`,
    ]) {
      const daemon = start({ CTRKIT_HTTP: address });
      await daemon.waitForLine('started');
      const warnings = daemon.stderrLines.filter((line) => line.includes('CTRKIT_HTTP'));
      assert.equal(warnings.length, 1, daemon.stderr);
      assert.match(warnings[0] ?? '', /there is no HTTP/);
      assert.equal(await isListening({ host: '127.0.0.1', port }), false);
      await assertEnds(daemon);
    }
  });

  test('answer while databases and engine are away, and say so', async (t) => {
    const { start, startEngine, redis, target } = await prepare(t);
    const daemon = start();
    await daemon.waitForLine(/nothing is decided meanwhile/);
    assert.equal(await readMetric(target, 'ctrkit_host_databases_up'), 0);
    assert.equal(await readMetric(target, 'ctrkit_host_engine_up'), 0);
    await untilMetric(target, 'ctrkit_host_problems', 2);
    const stopEngine = await startEngine();
    await redis.start();
    await redis.wantKube();
    await untilMetric(target, 'ctrkit_host_engine_up', 1);
    await untilMetric(target, 'ctrkit_feature_wanted_owner', 1, { feature: 'snmp', owner: 'kube' });
    await redis.kill();
    stopEngine();
    await untilMetric(target, 'ctrkit_host_databases_up', 0);
    await untilMetric(target, 'ctrkit_host_engine_up', 0);
    assert.equal(
      await readMetric(target, 'ctrkit_feature_wanted_owner', { owner: 'kube' }),
      1,
      'as known last',
    );
    await assertEnds(daemon);
  });

  test('are not lost to a second daemon, which is refused before it touches the socket', async (t) => {
    const { start, redis, socketPath, target } = await prepare(t);
    await redis.start();
    const daemon = start();
    await untilMetric(target, 'ctrkit_host_databases_up', 1);
    assert.deepEqual(await start().waitForEnd(), { code: 64, signal: null });
    assert.equal(await readMetric(target, 'ctrkit_host_shadow'), 0);
    const shadow = start({}, ['--shadow']);
    await shadow.waitForLine(/CTRKIT_HTTP, unix socket .*: the path is taken/);
    await assertEnds(shadow);
    assert.equal(await readMetric(target, 'ctrkit_host_shadow'), 0);
    daemon.signal('SIGKILL');
    await daemon.waitForEnd();
    assert.equal(existsSync(socketPath), true, 'as it is left by one that was killed');
    const next = start();
    await untilMetric(target, 'ctrkit_host_databases_up', 1);
    await assertEnds(next);
    assert.equal(existsSync(socketPath), false);
  });

  test('keep names from outside in their labels, whatever is in them', async (t) => {
    const { start, startEngine, redis, target } = await prepare(t);
    await startEngine();
    await redis.start();
    await redis.wantKube();
    await redis.config.hset('FEATURE|x"} 1\nctrkit_evil', { set_owner: 'kube', state: 'enabled' });
    await redis.config.hset('FEATURE|constructor', { set_owner: 'local', state: 'enabled' });
    const version = '2"} 1\nctrkit_evil 1\\';
    await redis.putHolder(CONTAINER.slice(0, 12), version, { intervalMs: 600_000, beatMs: bootMs() });
    const daemon = start();
    await untilMetric(target, 'ctrkit_feature_enabled', 1, { feature: 'constructor' });
    await untilMetric(target, 'ctrkit_feature_running_info', 1, { version: '2"} 1 ctrkit_evil 1\\' });
    const { body } = await ask(target);
    assert.doesNotMatch(body, /^ctrkit_evil/m);
    assert.deepEqual(
      [...new Set([...body.matchAll(/feature="([^"]*)"/g)].map(([, name]) => name))],
      ['constructor', 'snmp'],
    );
    await assertEnds(daemon);
  });
});
