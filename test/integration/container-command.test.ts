import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/adapters/clock.ts';
import { findDatabases } from '../../src/adapters/redis/find-databases.ts';
import { RedisRowStore } from '../../src/adapters/redis/row-store.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import { parseContainerLine } from '../../src/host/commands/container/options.ts';
import { runContainer } from '../../src/host/commands/container/run-container.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { RowStore } from '../../src/ports/row-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { FakeLog } from '../support/fake-log.ts';
import { bootMs } from '../support/boot-clock.ts';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { RedisOptions } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const IMAGE = 'docker-snmp:latest';
const KUBE_ID = 'bbbbbbbbbbbb';

/** One command, run on a real Redis and an engine in memory. */
interface Run {
  readonly done: Promise<number>;
  /** Undefined while it runs. */
  readonly code: number | undefined;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly log: FakeLog;
}

interface Scene {
  readonly redis: PrivateRedis;
  readonly engine: FakeEngine;
  /** Nobody gets to the databases: a server that has just started is empty, and only then gets its rows. */
  isOutOfReach: boolean;
  /** ctrmgrd or ctrkitd is installed. */
  hasDaemon: boolean;
  /** ctrkitd runs. */
  isMirroring: boolean;
  /** What somebody else does between the first reading of the next command and its write. */
  afterFirstRead: (() => Promise<void>) | undefined;
  readonly run: (line: string, revertToLocalMs?: number, clock?: Clock) => Run;
  /** Runs it to its end: the code, and its one line on stderr. */
  readonly ask: (line: string) => Promise<{ code: number; line: string; stdout: readonly string[] }>;
}

async function prepare(t: TestContext, options: RedisOptions = {}): Promise<Scene> {
  const redis = await PrivateRedis.start(t, options);
  const engine = new FakeEngine();
  engine.putImage('snmp', [IMAGE]);
  let isOver = false;
  // A wait ends only with its container: what is left of a test that failed finds nothing it could go on with.
  t.after(() => {
    isOver = true;
    engine.goDown();
  });
  const openStore = (): RowStore => {
    if (isOver) throw new Error('the test is over');
    if (scene.isOutOfReach) throw new CtrkitError('database', 'Redis is out of reach');
    const store = new RedisRowStore(findDatabases({ redisUrl: redis.url, namespaceId: '' }));
    const meddle = scene.afterFirstRead;
    scene.afterFirstRead = undefined;
    return meddle === undefined ? store : meddledWith(store, meddle);
  };
  const run = (line: string, revertToLocalMs = 300_000, clock: Clock = systemClock): Run => {
    const parsed = parseContainerLine(line.split(' '));
    assert.ok(parsed.kind === 'run');
    const client = engine.open();
    const state = { code: undefined as number | undefined, stdout: [] as string[], stderr: [] as string[] };
    const log = new FakeLog();
    const done = runContainer(parsed.options, {
      openStore,
      openEngine: async () => client,
      clock,
      log,
      random: () => 0.5,
      readKnownBlocks: async () => ({ versions: [], problems: [] }),
      readKnownLadder: async () => undefined,
      isOfService: () => true,
      readRevertToLocalMs: () => revertToLocalMs,
      // As where a process can't take another one's place: it waits itself.
      becomeLightWait: () => undefined,
      waitedContainer: '',
      hasDaemon: () => scene.hasDaemon,
      isMirroring: async () => scene.isMirroring,
      print: (text) => state.stdout.push(text),
      report: (text) => state.stderr.push(text),
    }).then((code) => (state.code = code));
    // Whoever awaits it sees the failure.
    done.catch(() => undefined);
    return Object.assign(state, { done, log });
  };
  const scene: Scene = {
    redis,
    engine,
    isOutOfReach: false,
    hasDaemon: true,
    isMirroring: false,
    afterFirstRead: undefined,
    run,
    ask: async (line) => {
      const { done, stderr, stdout } = run(line);
      const code = await done;
      assert.ok(stderr.length <= 1, stderr.join('\n'));
      return { code, line: stderr[0] ?? '', stdout };
    },
  };
  return scene;
}

function meddledWith(store: RowStore, meddle: () => Promise<void>): RowStore {
  const read = store.read.bind(store);
  let isFirst = true;
  const readThenMeddle: RowStore['read'] = async (rows) => {
    const found = await read(rows);
    if (isFirst) await meddle();
    isFirst = false;
    return found;
  };
  return Object.assign(store, { read: readThenMeddle });
}

const idOf = (engine: FakeEngine, name: string): string => engine.find(name)?.id.slice(0, 12) ?? '';

const holderOf = async (redis: PrivateRedis, row = 'FEATURE|snmp') => {
  const { current_owner, docker_id, container_id, remote_state, system_state } = await redis.row(row);
  return { current_owner, docker_id, container_id, remote_state, system_state };
};

const NOBODY = { current_owner: 'none', docker_id: '', container_id: '' };

describe('container start', () => {
  test('owner local: starts the container of that name, records it, and keeps Kubernetes away', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.state.hset('FEATURE|snmp', { remote_state: 'stopped', claim_token: 'old', claim_ms: '5' });
    const { code, line } = await ask('start snmp');
    assert.equal(code, 0, line);
    assert.equal(engine.find('snmp')?.state, 'running');
    assert.deepEqual(await holderOf(redis), {
      current_owner: 'local',
      docker_id: idOf(engine, 'snmp'),
      container_id: 'snmp',
      remote_state: 'none',
      system_state: 'up',
    });
    const { claim_token, claim_ms, update_time, last_update_ts } = await redis.status();
    assert.deepEqual({ claim_token, claim_ms }, { claim_token: '', claim_ms: '' });
    assert.match(update_time ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.ok(Math.abs(Number(last_update_ts) - Date.now() / 1000) < 60);
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'false' });
  });

  test('one that runs already is started, and its agent’s claim stays', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await redis.state.hset('FEATURE|snmp', {
      current_owner: 'local',
      docker_id: idOf(engine, 'snmp'),
      container_id: 'snmp',
      claim_token: 'its-own',
    });
    assert.equal((await ask('start snmp')).code, 0);
    const { claim_token, system_state } = await redis.status();
    assert.deepEqual({ claim_token, system_state }, { claim_token: 'its-own', system_state: 'up' });
  });

  test('what asked and is gone is not waited for: the switch’s own runs, and Kubernetes is asked anew (HF7)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    const gone = engine.run({ name: 'k8s_snmp', image: IMAGE, state: 'created' });
    const asked = {
      remote_state: 'pending',
      pending_token: 't',
      container_version: '2.0',
      system_state: 'down',
    };
    await redis.wantKube({ status: asked });
    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    const hold = { owner: 'kube', boot_id: systemClock.bootId(), renewed_ms: `${systemClock.bootMs()}` };
    await redis.state.hset(`CONTAINER_HOLD|snmp|${gone.slice(0, 12)}`, hold);
    await redis.state.hset('CONTAINER_HOLD|snmp-x|bbbbbbbbbbbb', hold);
    const { code, line } = await ask('start snmp');
    assert.equal(code, 0, line);
    assert.match(line, /until Kubernetes deploys it \(the container that asked to run it is gone\)$/);
    assert.equal(engine.find('snmp')?.state, 'running');
    const { remote_state, pending_token } = await redis.status();
    assert.deepEqual([remote_state, pending_token], ['none', undefined]);
  });

  test('what asked and is held for the service is waited for, also where its hold comes a little later (HF7)', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    const asked = {
      remote_state: 'pending',
      pending_token: 't',
      container_version: '2.0',
      system_state: 'down',
    };
    await redis.wantKube({ status: asked });
    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    const { done, stderr } = run('start snmp');
    await systemClock.sleep(400);
    const hold = { owner: 'kube', boot_id: systemClock.bootId(), renewed_ms: `${systemClock.bootMs()}` };
    await redis.state.hset('CONTAINER_HOLD|snmp|bbbbbbbbbbbb', hold);
    assert.equal(await done, 0);
    assert.match(stderr.join(), /up: Kubernetes is to run it \(remote_state is pending\)/);
    assert.equal(engine.find('snmp')?.state, 'created');
  });

  test('what the engine refuses ends with 1 and says so, and leaves no record of it (D21)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    engine.beforeAct = () => {
      throw new CtrkitError('engine', 'the Docker engine refused to start container snmp: no space left');
    };
    const { code, line } = await ask('start snmp');
    assert.equal(code, 1);
    assert.match(line, /^snmp: not started: .*no space left\. See: docker logs snmp/);
    const { remote_state: _, ...left } = await holderOf(redis);
    assert.deepEqual(left, { ...NOBODY, system_state: 'down' });
  });

  test('a container that is not there ends with 1, and nothing is written (D21)', async (t) => {
    const { redis, ask } = await prepare(t);
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local', state: 'enabled' });
    const before = await redis.dump();
    const { code, line } = await ask('start snmp');
    assert.equal(code, 1);
    assert.match(line, /the engine has no container of that name\. .*systemctl start snmp/);
    assert.deepEqual(await redis.dump(), before);
  });

  test('owner kube, deployed before and the master there: leave is given, nothing is started here', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube({ status: { system_state: 'down', remote_state: 'stopped' } });
    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    assert.equal((await ask('start snmp')).code, 0);
    assert.deepEqual(engine.acts, []);
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'true' });
    const { current_owner, remote_state, system_state } = await holderOf(redis);
    assert.deepEqual([current_owner, remote_state, system_state], [undefined, 'stopped', 'up']);
  });

  test('owner kube, fallback "false" is not on: the switch’s own runs until Kubernetes has joined (D20)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube({ config: { no_fallback_to_local: 'false' }, status: { remote_state: 'stopped' } });
    assert.equal((await ask('start snmp')).code, 0);
    assert.equal(engine.find('snmp')?.state, 'running');
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'true' });
    assert.equal((await redis.status())['container_id'], 'snmp');
  });

  test('owner kube, a feature the switch has no image of: up all the same, and it says so', async (t) => {
    const { redis, ask } = await prepare(t);
    await redis.wantKube();
    const { code, line } = await ask('start snmp');
    assert.equal(code, 0);
    assert.match(line, /has no container "snmp" to run until then/);
    assert.equal((await redis.status())['current_owner'], undefined);
  });

  test('beside a container of Kubernetes that runs the switch’s own is not started', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube();
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    assert.equal((await ask('start snmp')).code, 0);
    assert.equal(engine.find('snmp')?.state, 'created');
    assert.equal((await redis.status())['current_owner'], 'kube');
  });

  test('a claim of Kubernetes made meanwhile is not written over', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, ask } = scene;
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube({ status: { remote_state: 'none' } });
    scene.afterFirstRead = () => redis.putHolder(KUBE_ID, '1.0.0');
    assert.equal((await ask('start snmp')).code, 0);
    assert.equal(engine.find('snmp')?.state, 'created');
    assert.equal((await redis.status())['docker_id'], KUBE_ID);
  });

  test('instance 0 has a status of its own and the configuration of all (D28)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'lldp0', image: IMAGE, state: 'created' });
    await redis.config.hset('FEATURE|lldp', { set_owner: 'kube', no_fallback_to_local: 'true' });
    assert.equal((await ask('start lldp0')).code, 0);
    assert.deepEqual(engine.acts, []);
    assert.equal((await redis.row('FEATURE|lldp0'))['system_state'], 'up');
    assert.deepEqual(await redis.row('FEATURE|lldp'), {});
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { lldp0_enabled: 'true' });
  });
});

describe('container stop', () => {
  test('says that the feature is down before the container ends, and clears the record after (D10)', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    const holder = { current_owner: 'local', docker_id: idOf(engine, 'snmp'), container_id: 'snmp' };
    await redis.state.hset('FEATURE|snmp', { ...holder, system_state: 'up', claim_token: 't' });
    engine.hang();
    const stop = run('stop snmp -t 60');
    await until('it is down', async () => (await redis.status())['system_state'] === 'down');
    assert.equal((await redis.status())['current_owner'], 'local');
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'false' });
    engine.comeBack();
    assert.equal(await stop.done, 0);
    assert.deepEqual(engine.acts, [`stopContainer ${engine.find('snmp')?.id} 60`]);
    const { remote_state: _, ...left } = await holderOf(redis);
    assert.deepEqual(left, { ...NOBODY, system_state: 'down' });
    assert.equal((await redis.status())['claim_token'], '');
  });

  test('owner kube: stops the container on record, running becomes stopped, and leave to deploy stays', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube();
    await redis.state.hset('KUBE_LABELS|SET', { snmp_enabled: 'true' });
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    assert.equal((await ask('stop snmp')).code, 0);
    assert.equal(engine.find('k8s_snmp')?.state, 'exited');
    assert.deepEqual(await holderOf(redis), { ...NOBODY, remote_state: 'stopped', system_state: 'down' });
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'true' });
  });

  test('a local container that died by itself leaves no record behind (D10)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await ask('start snmp');
    engine.end('snmp', 137, { hadOomKill: true });
    const { code, line } = await ask('stop snmp');
    assert.equal(code, 0);
    assert.match(line, /did not run/);
    assert.equal((await redis.status())['current_owner'], 'none');
  });

  test('the record of a container that has taken its place stays', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube();
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    engine.hang();
    const stop = run('stop snmp');
    await until('it is down', async () => (await redis.status())['system_state'] === 'down');
    await redis.putHolder('cccccccccccc', '2.0.0');
    engine.comeBack();
    assert.equal(await stop.done, 0);
    assert.match(stop.stderr.join(), /container cccccccccccc has taken its place/);
    assert.equal((await redis.status())['docker_id'], 'cccccccccccc');
  });

  test('the pending of the container that comes after, and the none of a fallback, outlive it', async (t) => {
    for (const remoteState of ['pending', 'none']) {
      const { redis, engine, ask } = await prepare(t);
      engine.run({ name: 'k8s_snmp', image: IMAGE });
      await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
      await redis.state.hset('FEATURE|snmp', { remote_state: remoteState });
      assert.equal((await ask('stop snmp')).code, 0);
      assert.equal((await redis.status())['remote_state'], remoteState);
    }
  });

  test('of a container in another engine, which still beats, it says that it can’t', async (t) => {
    const { redis, ask } = await prepare(t);
    await redis.wantKube();
    await redis.putHolder(KUBE_ID, '1.0.0');
    const { code, line } = await ask('stop snmp');
    assert.equal(code, 1);
    assert.match(line, /the engine does not know container bbbbbbbbbbbb, which still gives signs of life/);
    assert.equal((await redis.status())['docker_id'], KUBE_ID);
  });

  test('of a pod that calls itself local finds it by its own id (D25)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    const holder = { current_owner: 'local', docker_id: idOf(engine, 'k8s_snmp'), container_id: 'snmp' };
    await redis.state.hset('FEATURE|snmp', holder);
    assert.equal((await ask('stop snmp')).code, 0);
    assert.equal(engine.find('k8s_snmp')?.state, 'exited');
  });

  test('of a pod that kubelet has just removed does not wait for its heartbeat to go overdue (H18)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    // kubelet's pause container, by which a service script takes the feature for one that runs.
    engine.run({ name: 'k8s_POD_snmp-x', image: IMAGE });
    await redis.wantKube();
    await redis.putHolder(KUBE_ID, '1.0.0');
    const { code, line } = await ask('stop snmp');
    assert.deepEqual([code, line], [0, 'snmp: stopped: it had no container']);
    assert.deepEqual(await holderOf(redis), { ...NOBODY, remote_state: 'stopped', system_state: 'down' });
    // One that could not find its own id may be any of them.
    await redis.putHolder('unknown', '1.0.0');
    assert.equal((await ask('stop snmp')).code, 1);
  });

  test('of a name that nobody knows says so, fails no service, and writes nothing (H18)', async (t) => {
    const { redis, ask } = await prepare(t);
    for (const action of ['stop', 'kill']) {
      const { code, line } = await ask(`${action} snpm`);
      assert.deepEqual(
        [code, line],
        [0, `snpm: nothing to ${action}: there is no feature and no container of that name`],
      );
    }
    assert.deepEqual(await redis.dump(), {});
  });

  test('without a database the switch’s own container is stopped all the same, and that is no failure (H18)', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await redis.kill();
    const stop = run('stop snmp');
    assert.equal(await stop.done, 0);
    assert.equal(engine.find('snmp')?.state, 'exited');
    assert.match(stop.stderr.join(), /stopped: container [0-9a-f]{12}; its record is left as it was: Redis/);
  });

  test('without a database, and without a container of its name, whom to stop is not known', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.kill();
    for (const action of ['stop', 'kill'])
      await assert.rejects(run(`${action} snmp`).done, { code: 'database' });
    assert.equal(engine.find('k8s_snmp')?.state, 'running');
  });

  test('a database that is lost meanwhile hinders neither the end nor its word (H18)', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube();
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    engine.hang();
    const stop = run('stop snmp');
    await until('it is down', async () => (await redis.status())['system_state'] === 'down');
    await redis.kill();
    engine.comeBack();
    assert.equal(await stop.done, 0);
    assert.equal(engine.find('k8s_snmp')?.state, 'exited');
    assert.match(stop.stderr.join(), /stopped: container [0-9a-f]{12}; its record is left as it was/);
  });

  test('--skip-updates ends the container and writes nothing', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    for (const action of ['stop', 'kill']) {
      engine.run({ name: `k8s_${action}`, image: IMAGE });
      await redis.wantKube();
      await redis.putHolder(idOf(engine, `k8s_${action}`), '1.0.0');
      const before = await redis.dump();
      assert.equal((await ask(`${action} --skip-updates snmp`)).code, 0);
      assert.equal(engine.find(`k8s_${action}`)?.state, 'exited');
      assert.deepEqual(await redis.dump(), before);
    }
  });
});

describe('a key beside the record that is no hash', () => {
  const BESIDE = ['KUBE_LABELS|SET', 'CONTAINER_HEALTH|snmp', 'KUBERNETES_MASTER|SERVER'];
  for (const key of BESIDE)
    test(`${key}: the switch's own container is started, waited for and stopped all the same (F8)`, async (t) => {
      const { redis, engine, run } = await prepare(t);
      engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
      await redis.state.set(key, 'no hash');
      const named = new RegExp(
        `^snmp: not (read|written): WRONGTYPE ${key.replace('|', String.raw`\|`)} is a string`,
      );
      const started = run('start snmp');
      assert.equal(await started.done, 0, started.stderr.join('\n'));
      assert.match(started.stderr[0] ?? '', named);
      assert.deepEqual(
        [engine.find('snmp')?.state, (await redis.status())['current_owner']],
        ['running', 'local'],
      );
      const waited = run('wait snmp');
      await until('it waits', () => waited.log.lines.some((line) => /waiting for the end/.test(line)));
      const stopped = run('stop snmp');
      assert.equal(await stopped.done, 0, stopped.stderr.join('\n'));
      assert.match(stopped.stderr[0] ?? '', named);
      assert.equal(await waited.done, 0);
      const { remote_state: _, ...left } = await holderOf(redis);
      assert.deepEqual(left, { ...NOBODY, system_state: 'down' });
    });

  test('a container of Kubernetes counts as live where its heartbeat can’t be read (F8)', async (t) => {
    const { redis, engine, run } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube();
    await redis.putHolder(KUBE_ID, '1.0.0');
    await redis.state.hset('FEATURE|snmp', { claim_ms: '1' });
    await redis.state.del('CONTAINER_HEALTH|snmp');
    await redis.state.set('CONTAINER_HEALTH|snmp', 'no hash');
    assert.equal(await run('start snmp').done, 0);
    assert.equal(engine.find('snmp')?.state, 'created');
    assert.equal((await redis.status())['docker_id'], KUBE_ID);
  });
});

describe('container kill', () => {
  test('clears the record that a killed container can’t, and takes back the leave to deploy (D10)', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube();
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    assert.equal((await ask('kill snmp')).code, 0);
    assert.deepEqual(engine.acts, [`killContainer ${engine.find('k8s_snmp')?.id}`]);
    assert.deepEqual(await holderOf(redis), { ...NOBODY, remote_state: 'stopped', system_state: 'up' });
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_enabled: 'false' });
  });

  test('refuses a local feature that is not enabled, and touches nothing', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local', state: 'disabled' });
    const before = await redis.dump();
    const { code, line } = await ask('kill snmp');
    assert.equal(code, 1);
    assert.match(line, /its state is "disabled".*container stop snmp/);
    assert.equal(engine.find('snmp')?.state, 'running');
    assert.deepEqual(await redis.dump(), before);
    engine.end('snmp', 0);
    const idle = await ask('kill snmp');
    assert.deepEqual(
      [idle.code, idle.line],
      [0, 'snmp: nothing to kill: its state is "disabled", and it does not run'],
    );
    assert.deepEqual(await redis.dump(), before);
  });
});

describe('container wait', () => {
  test('answers a container that asks to run by the events, without a poll, then waits for its end', async (t) => {
    const { redis, engine, run } = await prepare(t);
    await redis.wantKube();
    // Time stands still: no poll is ever due.
    const wait = run('wait snmp', 300_000, new FakeClock());
    await until('it watches', () => wait.log.lines.length > 0);
    await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
    await until('it is answered', async () => (await redis.status())['remote_state'] === 'ready');
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    await until('it waits for it', () =>
      wait.log.lines.some((line) => line.includes('the end of container')),
    );
    assert.equal(wait.code, undefined);
    engine.end('k8s_snmp', 0);
    assert.equal(await wait.done, 0);
  });

  test('a container that ended with a failure ends it with 1, one that was killed or stopped with 0 (D21)', async (t) => {
    const { redis, engine, run, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await ask('start snmp');
    const failed = run('wait snmp');
    await until('it waits', () => failed.log.lines.length > 0);
    engine.end('snmp', 3);
    assert.equal(await failed.done, 1);
    assert.match(failed.log.lines.at(-1) ?? '', /^error: snmp: it ended with 3/);
    engine.start('snmp');
    const killed = run('wait snmp');
    await until('it waits', () => killed.log.lines.length > 0);
    engine.end('snmp', 137);
    assert.equal(await killed.done, 0);
    assert.match(killed.log.lines.at(-1) ?? '', /^info: snmp: it ended with 137: it was killed/);
    engine.start('snmp');
    const stopped = run('wait snmp');
    await until('it waits', () => stopped.log.lines.length > 0);
    await redis.state.hset('FEATURE|snmp', { system_state: 'down' });
    engine.end('snmp', 137);
    assert.equal(await stopped.done, 0);
  });

  test('one that is gone before it begins is an end, too (D24)', async (t) => {
    const { engine, run, ask } = await prepare(t);
    assert.equal(await run('wait snmp').done, 1);
    engine.run({ name: 'snmp', image: IMAGE });
    await ask('start snmp');
    engine.end('snmp', 1);
    assert.equal(await run('wait snmp').done, 1);
    engine.destroy('snmp');
    assert.equal(await run('wait snmp').done, 1);
  });

  test('gives up with 75 when nothing is deployed in time, and the next start is a local one', async (t) => {
    const { redis, engine, run, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE, state: 'created' });
    await redis.wantKube({ status: { remote_state: 'stopped' } });
    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    const fromMs = bootMs();
    assert.equal(await run('wait snmp', 300).done, 75);
    assert.ok(bootMs() - fromMs >= 290);
    assert.equal((await redis.status())['remote_state'], 'none');
    await ask('start snmp');
    assert.equal(engine.find('snmp')?.state, 'running');
  });

  test('does not give up over a claim that was made meanwhile', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, run } = scene;
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube();
    scene.afterFirstRead = () => redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    const wait = run('wait snmp', 0);
    await until('it waits for it', () =>
      wait.log.lines.some((line) => line.includes('the end of container')),
    );
    assert.equal((await redis.status())['remote_state'], 'running');
    engine.end('k8s_snmp', 0);
    assert.equal(await wait.done, 0);
  });

  test('answers no container that has claimed meanwhile', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, run } = scene;
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.wantKube({ status: { remote_state: 'pending' } });
    scene.afterFirstRead = () => redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    const wait = run('wait snmp');
    await until('it waits for it', () =>
      wait.log.lines.some((line) => line.includes('the end of container')),
    );
    assert.equal((await redis.status())['remote_state'], 'running');
    engine.end('k8s_snmp', 0);
    assert.equal(await wait.done, 0);
  });

  test('does not give up without fallback, nor while an answer of its own is being taken', async (t) => {
    const { redis, engine, run } = await prepare(t);
    await redis.wantKube({ config: { no_fallback_to_local: 'True' } });
    const wait = run('wait snmp', 0);
    await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
    await until('it is answered', async () => (await redis.status())['remote_state'] === 'ready');
    assert.equal(wait.code, undefined);
    engine.run({ name: 'k8s_snmp', image: IMAGE });
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.0.0');
    await until('it waits for it', () =>
      wait.log.lines.some((line) => line.includes('the end of container')),
    );
    engine.end('k8s_snmp', 0);
    assert.equal(await wait.done, 0);
  });

  test('finds what a server without events does not tell', async (t) => {
    const { redis, run } = await prepare(t, { events: false });
    await redis.wantKube();
    const wait = run('wait snmp', 60_000);
    await until('it sleeps', () => wait.log.lines.length > 0);
    await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
    await until('it is answered', async () => (await redis.status())['remote_state'] === 'ready');
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local' });
    assert.equal(await wait.done, 1);
  });

  test('outlives its database, says so once, and answers the one that comes back', async (t) => {
    const scene = await prepare(t);
    const { redis, run } = scene;
    await redis.wantKube();
    const wait = run('wait snmp');
    await until('it sleeps', () => wait.log.lines.length > 0);
    await redis.kill();
    await until('it says so', () =>
      wait.log.lines.some((line) => line.startsWith('warn: snmp: waiting: Redis')),
    );
    const saidMs = bootMs();
    await until('it has tried some times', () => bootMs() - saidMs > 1_000);
    const warnings = wait.log.lines.filter((line) => line.startsWith('warn'));
    assert.equal(warnings.length, new Set(warnings).size, warnings.join('\n'));
    scene.isOutOfReach = true;
    await redis.start();
    await redis.wantKube({ status: { remote_state: 'pending' } });
    scene.isOutOfReach = false;
    await until('it is answered', async () => (await redis.status())['remote_state'] === 'ready');
    await until('the end of it is told', () => wait.log.lines.includes('info: snmp: the database is back'));
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local' });
    assert.equal(await wait.done, 1);
  });

  test('outlives its engine, which has not stopped the container', async (t) => {
    const { engine, run, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    await ask('start snmp');
    const wait = run('wait snmp');
    await until('it waits', () => wait.log.lines.length > 0);
    engine.goDown();
    await until('it says so', () =>
      wait.log.lines.some((line) => line.startsWith('warn: snmp: waiting: the Docker')),
    );
    assert.equal(wait.code, undefined);
    engine.comeBack();
    await until('it is back', () => wait.log.lines.includes('info: snmp: the engine is back'));
    engine.end('snmp', 0);
    assert.equal(await wait.done, 0);
  });

  test('waits on the record of a container that the engine does not know', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.wantKube();
    await redis.putHolder(KUBE_ID, '1.0.0', { intervalMs: 60_000, beatMs: bootMs() });
    const wait = run('wait snmp');
    await until('it follows', () => wait.log.lines.some((line) => line.includes('does not know container')));
    await redis.clearHolder();
    assert.equal(await wait.done, 0);
    await redis.putHolder('unknown', '1.0.0', { intervalMs: 100, beatMs: bootMs() });
    await redis.state.hset('FEATURE|snmp', { claim_ms: String(bootMs()) });
    assert.equal(await run('wait snmp').done, 1);
  });
});

describe('the stable version of the shipped kit', () => {
  const waitForSnmp = async ({ engine, run }: Scene): Promise<void> => {
    const wait = run('wait snmp');
    await until('it waits', () => wait.log.lines.some((line) => line.includes('the end of container')));
    engine.end('snmp', 0);
    assert.equal(await wait.done, 0);
  };
  const environment = ['IMAGE_VERSION=', 'RUNTIME_OWNER=local', 'IMAGE_VERSION=1.2.3'];

  test('is that of the switch’s own container, which wait records (H20)', async (t) => {
    const scene = await prepare(t);
    scene.engine.run({ name: 'snmp', image: IMAGE, environment });
    await scene.ask('start snmp');
    await waitForSnmp(scene);
    const { container_stable_version, container_last_version } = await scene.redis.status();
    assert.deepEqual([container_stable_version, container_last_version], ['1.2.3', undefined]);
  });

  test('is ctrkitd’s where that runs (H20)', async (t) => {
    const scene = await prepare(t);
    scene.isMirroring = true;
    scene.engine.run({ name: 'snmp', image: IMAGE, environment });
    await scene.redis.state.hset('FEATURE|snmp', { container_stable_version: '1.1.0' });
    await scene.ask('start snmp');
    await waitForSnmp(scene);
    assert.equal((await scene.redis.status())['container_stable_version'], '1.1.0');
  });

  test('is none where the image has no version, nor that of a container of Kubernetes', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, run, ask } = scene;
    engine.run({ name: 'snmp', image: IMAGE, environment: ['IMAGE_VERSION=', 'OTHER_IMAGE_VERSION=2'] });
    await ask('start snmp');
    await waitForSnmp(scene);
    engine.run({ name: 'k8s_snmp', image: IMAGE, environment });
    await redis.wantKube();
    await redis.putHolder(idOf(engine, 'k8s_snmp'), '1.2.3');
    const wait = run('wait snmp');
    await until('it waits', () => wait.log.lines.some((line) => line.includes('the end of container')));
    engine.end('k8s_snmp', 0);
    assert.equal(await wait.done, 0);
    assert.equal((await redis.status())['container_stable_version'], undefined);
  });
});

describe('a switch without a daemon for its features', () => {
  test('has no more rows than before: its containers are started, waited for and ended without (H19)', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, run, ask } = scene;
    scene.hasDaemon = false;
    await redis.config.hset('FEATURE|snmp', { set_owner: 'local', state: 'enabled' });
    // By featured.
    await redis.state.hset('FEATURE|snmp', { state: 'enabled' });
    engine.run({ name: 'snmp', image: IMAGE, state: 'created', environment: ['IMAGE_VERSION=1.2.3'] });
    const before = await redis.dump();
    for (const action of ['stop', 'kill']) {
      assert.equal((await ask('start snmp')).code, 0);
      const wait = run('wait snmp');
      await until('it waits', () => wait.log.lines.some((line) => line.includes('the end of container')));
      const { code, line } = await ask(`${action} snmp`);
      assert.equal(code, 0, line);
      assert.equal(engine.find('snmp')?.state, 'exited');
      assert.equal(await wait.done, 0);
    }
    assert.deepEqual(await redis.dump(), before);
  });

  test('keeps a record that a container has made, and the rows of a feature that Kubernetes is to run (H19)', async (t) => {
    const scene = await prepare(t);
    const { redis, engine, ask } = scene;
    scene.hasDaemon = false;
    engine.run({ name: 'snmp', image: IMAGE });
    const holder = { current_owner: 'local', docker_id: idOf(engine, 'snmp'), container_id: 'snmp' };
    await redis.state.hset('FEATURE|snmp', { ...holder, claim_token: 'its-own' });
    assert.equal((await ask('stop snmp')).code, 0);
    const { remote_state: _, ...left } = await holderOf(redis);
    assert.deepEqual(left, { ...NOBODY, system_state: 'down' });
    await redis.config.hset('FEATURE|lldp', { set_owner: 'kube' });
    assert.equal((await ask('start lldp')).code, 0);
    assert.equal((await redis.row('FEATURE|lldp'))['system_state'], 'up');
  });
});

describe('container id and state', () => {
  test('id is the name of a local container and docker’s id of any other', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    const none = await ask('id snmp');
    assert.equal(none.code, 1);
    assert.match(none.line, /nothing runs/);
    assert.deepEqual(none.stdout, []);
    await redis.putHolder(KUBE_ID, '1.0.0');
    assert.deepEqual((await ask('id snmp')).stdout, [KUBE_ID]);
    await redis.clearHolder();
    engine.run({ name: 'snmp', image: IMAGE });
    await ask('start snmp');
    const local = await ask('id snmp');
    assert.deepEqual([local.code, local.stdout, local.line], [0, ['snmp'], '']);
  });

  test('id of a container of another boot, or without one, or with none that is safe, is no answer', async (t) => {
    const { redis, ask } = await prepare(t);
    await redis.putHolder(KUBE_ID, '1.0.0');
    await redis.state.hset('FEATURE|snmp', { claim_boot_id: 'another' });
    assert.equal((await ask('id snmp')).code, 1);
    for (const id of ['unknown', '-f x', '$(reboot)']) {
      await redis.putHolder(id, '1.0.0');
      const { code, stdout } = await ask('id snmp');
      assert.deepEqual([code, stdout], [1, []], id);
    }
  });

  test('state up and down write the record by hand, and up does not go over a live one', async (t) => {
    const { redis, engine, ask } = await prepare(t);
    engine.run({ name: 'snmp', image: IMAGE });
    assert.equal((await ask('state snmp up local -v 1.2.0')).code, 0);
    const { claim_token, container_version } = await redis.status();
    assert.deepEqual([claim_token, container_version], ['', '1.2.0']);
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_local: '1.2.0' });
    assert.equal((await redis.status())['docker_id'], idOf(engine, 'snmp'));
    const refused = await ask('state snmp up kube');
    assert.equal(refused.code, 1);
    assert.match(refused.line, /owner local, is on record\. .*container state snmp down/);
    assert.equal((await ask('state snmp down')).code, 0);
    assert.equal((await redis.status())['current_owner'], 'none');
    assert.equal((await ask('state snmp up kube -v 2')).code, 0);
    assert.deepEqual(
      [(await redis.status())['remote_state'], (await redis.status())['docker_id']],
      ['running', 'unknown'],
    );
    assert.equal((await ask('state snmp down')).code, 0);
    assert.equal((await redis.status())['remote_state'], 'stopped');
  });

  test('down is refused when the record changes under its hands', async (t) => {
    const scene = await prepare(t);
    await scene.redis.putHolder(KUBE_ID, '1.0.0');
    scene.afterFirstRead = () => scene.redis.putHolder('cccccccccccc', '2.0.0');
    const { code, line } = await scene.ask('state snmp down');
    assert.equal(code, 1);
    assert.match(line, /the record has just changed/);
    assert.equal((await scene.redis.status())['docker_id'], 'cccccccccccc');
  });
});

describe('the command as a process', () => {
  const main = fileURLToPath(new URL('../../bin/container.ts', import.meta.url));
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const start = (kit: Kit, redis: PrivateRedis, line: string) =>
    kit.run([process.execPath, '--import', tsx, main, ...line.split(' ')], { CTRKIT_REDIS: redis.url });

  test('a signal ends wait as it ends any process', async (t) => {
    const { redis } = await prepare(t);
    const kit = new Kit(t);
    await redis.wantKube();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const wait = start(kit, redis, 'wait snmp');
      await wait.waitForLine('waiting for Kubernetes');
      wait.signal(signal);
      assert.deepEqual(await wait.waitForEnd(), { code: null, signal });
    }
  });

  test('its status tells the truth: 0, 1, 64, 69, 75 (D21)', async (t) => {
    const { redis } = await prepare(t);
    const kit = new Kit(t);
    await redis.putHolder(KUBE_ID, '1.0.0');
    const end = async (line: string) => {
      const command = start(kit, redis, line);
      const { code } = await command.waitForEnd();
      return { code, stdout: command.stdout, stderr: command.stderr };
    };
    assert.deepEqual(await end('id snmp'), { code: 0, stdout: `${KUBE_ID}\n`, stderr: '' });
    assert.equal((await end('id lldp')).code, 1);
    assert.equal((await end('id sn/mp')).code, 64);
    assert.match((await end('start')).stderr, /^container: error: .* Try container --help\n$/);
    await redis.clearHolder();
    await redis.wantKube();
    const gaveUp = kit.run([process.execPath, '--import', tsx, main, 'wait', 'snmp'], {
      CTRKIT_REDIS: redis.url,
      CTRKIT_REVERT_TO_LOCAL: '0',
    });
    assert.equal((await gaveUp.waitForEnd()).code, 75, gaveUp.said);
    assert.match(gaveUp.stderr, /The next start runs the switch's own container/);
    await redis.kill();
    const away = await end('id snmp');
    assert.deepEqual([away.code, away.stdout], [69, '']);
  });
});
