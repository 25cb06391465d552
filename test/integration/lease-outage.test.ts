import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Kit, type Container } from '../support/kit.ts';
import { bootMs } from '../support/boot-clock.ts';
import { restartWithOldData, saveData } from '../support/outages/real-switch.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const GO = { code: 0, signal: null };
const INTERVAL_MS = 500;
/** The lease of the holder, and half of it: an outage of this length makes it overdue. */
const OUTAGE_MS = 6 * INTERVAL_MS;

/** The same, for heartbeats every 2 s. */
const SLOW_OUTAGE_MS = 8_000;
/** The gate's longest back-off, and a little: it has looked, and a lease of 6 s is not over. */
const GATE_LOOKS_MS = 3_000;

const ROUNDS = 3;

/** Container A holds the feature and beats; the gate of container B, of another version, waits and has its `ready`. */
async function startPair(t: TestContext, given?: PrivateRedis, env: Readonly<Record<string, string>> = {}) {
  const redis = given ?? (await PrivateRedis.start(t));
  const kit = new Kit(t);
  await redis.wantKube({ status: { remote_state: 'ready' } });
  if (given === undefined) await redis.state.hset('FEATURE|snmp', 'current_owner', 'none');
  const a = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, ...env });
  const b = kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url, ...env });
  const first = a.gate('kube', '1.0.0');
  assert.deepEqual(await first.waitForEnd(), GO, first.said);
  const agent = a.agent();
  await until('the holder beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['seq']);
  const gate = b.gate('kube', '1.1.0');
  await until('the gate asks', async () => (await redis.status())['remote_state'] === 'pending');
  await redis.state.hset('FEATURE|snmp', { remote_state: 'ready' });
  await gate.waitForLine('waiting for container aaaaaaaaaaaa to stop');
  return { redis, agent, gate, a };
}

/** Local container A holds the feature and beats. */
async function startLocal(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  await redis.wantKube({ status: { current_owner: 'none' } });
  const a = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, CTRKIT_HEARTBEAT_INTERVAL: '2s' });
  const agent = a.agent();
  const first = a.gate('local', '1.0.0');
  assert.deepEqual(await first.waitForEnd(), GO, first.said);
  await until('the holder beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['seq']);
  return { redis, kit, agent };
}

const bOf = (kit: Kit, redis: PrivateRedis): Container =>
  kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url });

const seqOf = async (redis: PrivateRedis): Promise<number> =>
  Number((await redis.row('CONTAINER_HEALTH|snmp'))['seq']);

/** The holder has beaten again, and again. */
async function expectBeats(redis: PrivateRedis, beats = 8): Promise<void> {
  const seq = await seqOf(redis);
  await until('the holder beats on', async () => (await seqOf(redis)) > seq + beats);
}

async function expectStillHeld(redis: PrivateRedis, gate: Program): Promise<void> {
  await expectBeats(redis);
  assert.equal((await redis.status())['docker_id'], 'aaaaaaaaaaaa', gate.said);
  assert.equal(gate.isRunning, true, gate.said);
}

const passMs = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

type Outage = (redis: PrivateRedis) => Promise<() => Promise<unknown>>;

/** How a server that still reads refuses writes, and how that ends. */
const OUTAGES: Readonly<Record<string, Outage>> = {
  'has no memory left': async (redis) => {
    await redis.state.config('SET', 'maxmemory', '1');
    return () => redis.state.config('SET', 'maxmemory', '0');
  },
  'is a replica for a while': async (redis) => {
    await redis.state.replicaof('127.0.0.1', 1);
    return () => redis.state.replicaof('NO', 'ONE');
  },
  'is frozen for a while': async (redis) => {
    redis.freeze();
    return async () => redis.thaw();
  },
};

describe('the lease of a holder whose database', { timeout: 600_000 }, () => {
  for (const [what, begin] of Object.entries(OUTAGES)) {
    test(`${what} does not run out while its agent lives (G2)`, async (t) => {
      const { redis, gate } = await startPair(t);
      // Who is quicker when it is over is chance.
      for (let round = 0; round < ROUNDS; round += 1) {
        const end = await begin(redis);
        await passMs(OUTAGE_MS);
        await end();
        await expectStillHeld(redis, gate);
      }
    });

    test(`${what} does not run out as soon as the gate sees that it is over (G2)`, async (t) => {
      const { redis, gate, agent } = await startPair(t, undefined, { CTRKIT_HEARTBEAT_INTERVAL: '2s' });
      const end = await begin(redis);
      await passMs(SLOW_OUTAGE_MS);
      // Not the agent's quick second try decides, but that the gate waits for it.
      agent.signal('SIGSTOP');
      await end();
      await passMs(GATE_LOOKS_MS);
      agent.signal('SIGCONT');
      await expectBeats(redis, 1);
      assert.equal((await redis.status())['docker_id'], 'aaaaaaaaaaaa', gate.said);
      assert.equal(gate.isRunning, true, gate.said);
    });

    test(`${what} runs out after that if its agent is dead (G2)`, async (t) => {
      const { redis, gate, agent } = await startPair(t);
      const end = await begin(redis);
      agent.signal('SIGKILL');
      await passMs(OUTAGE_MS);
      await end();
      assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
      assert.equal((await redis.status())['docker_id'], 'bbbbbbbbbbbb');
    });
  }

  test('is lost does not run out: the holder is recorded again before anybody goes (G2)', async (t) => {
    const { redis, gate, agent } = await startPair(t);
    // Nobody hears of it before its next heartbeat.
    await redis.state.del('FEATURE|snmp', 'CONTAINER_HEALTH|snmp');
    await redis.state.hset('FEATURE|snmp', { system_state: 'up', remote_state: 'ready' });
    await agent.waitForLine('recorded as running');
    await expectStillHeld(redis, gate);
  });

  test('is that of an earlier holder again does not run out: whoever claimed after that one is recorded again first (G2)', async (t) => {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    await redis.putHolder('cccccccccccc', '1.0.0', { intervalMs: INTERVAL_MS, beatMs: bootMs() - 60_000 });
    await saveData(redis);
    const { gate, agent } = await startPair(t, redis);
    // Who is quicker when the earlier holder is overdue is chance.
    for (let round = 0; round < ROUNDS; round += 1) {
      await restartWithOldData(redis);
      await until('the gate asks', async () => (await redis.status())['remote_state'] === 'pending');
      await redis.state.hset('FEATURE|snmp', { remote_state: 'ready' });
      await until('it is recorded again', async () => {
        assert.equal(gate.isRunning, true, gate.said + agent.said);
        return (await redis.status())['docker_id'] === 'aaaaaaaaaaaa';
      });
      await expectStillHeld(redis, gate);
    }
  });

  test('is lost before another gate looks: recorded again, the holder is one to be replaced, and the host is asked', async (t) => {
    const { redis, agent, kit } = await startLocal(t);
    await redis.state.del('FEATURE|snmp');
    const gate = bOf(kit, redis).gate('kube', '1.1.0');
    await gate.waitForLine('held (system-not-up)');
    await redis.wantKube();
    await agent.waitForLine('recorded as running');
    await until('the host is asked', async () => (await redis.status())['remote_state'] === 'pending');
    assert.equal((await redis.status())['current_owner'], 'local');
    assert.equal(gate.isRunning, true, gate.said);
  });
});
