/** The pod of the version that the switch's own container runs: the gate and the probe as real processes. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { type Container, Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const VERSION = '1.4.0';
const TOKEN = 'token-of-local';

/** What the switch's own container writes with a heartbeat. */
const beat = (over: Readonly<Record<string, string>> = {}) => ({
  token: TOKEN,
  owner: 'local',
  version: VERSION,
  boot_id: BOOT_ID,
  status: 'healthy',
  interval_ms: '600000',
  beat_ms: String(bootMs()),
  ...over,
});

async function putLocal(redis: PrivateRedis, over: Readonly<Record<string, string>> = {}): Promise<void> {
  await redis.state.hset('FEATURE|snmp', {
    current_owner: 'local',
    docker_id: 'cccccccccccc',
    container_id: 'snmp',
    container_version: VERSION,
    claim_token: TOKEN,
    claim_owner: 'local',
    claim_boot_id: BOOT_ID,
    claim_ms: String(bootMs()),
  });
  await redis.state.hset('CONTAINER_HEALTH|snmp', beat(over));
}

async function startHeld(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  await redis.state.hset('KUBE_LABELS|SET', 'snmp_local', VERSION);
  const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  const gate = here.gate('kube', VERSION);
  await until('it is held', async () => (await redis.hold(here.id))['reason'] === 'version-is-local');
  return { redis, here, gate };
}

async function ask(here: Container, probe: string): Promise<number | null> {
  return (await here.command('health_probe', probe).waitForEnd()).code;
}

async function expectAnswers(here: Container, readiness: number, when: string): Promise<void> {
  await until(`readiness is ${readiness}: ${when}`, async () => (await ask(here, 'readiness')) === readiness);
  assert.deepEqual([await ask(here, 'startup'), await ask(here, 'liveness')], [0, 0], when);
}

/** Each of them ends it, and it is served again after it. */
const ENDS: readonly (readonly [string, (redis: PrivateRedis) => Promise<unknown>])[] = [
  ['unhealthy', ({ state }) => state.hset('CONTAINER_HEALTH|snmp', 'status', 'unhealthy')],
  ['degraded', ({ state }) => state.hset('CONTAINER_HEALTH|snmp', 'status', 'degraded')],
  ['another version', ({ state }) => state.hset('CONTAINER_HEALTH|snmp', 'version', '1.3.0')],
  ['another boot', ({ state }) => state.hset('CONTAINER_HEALTH|snmp', 'boot_id', 'another')],
  ['no heartbeat', ({ state }) => state.del('CONTAINER_HEALTH|snmp')],
  ['released', (redis) => redis.clearHolder()],
];

for (const [who, answers] of [
  ['its agent answers', true],
  ['the gate answers, as there is no agent', false],
] as const)
  test(`a pod held as version-is-local is ready while the switch’s own container of that version is healthy, and only then; ${who} (HF3)`, async (t) => {
    const { redis, here, gate } = await startHeld(t);
    if (answers) here.agent();
    await expectAnswers(here, 12, 'nobody runs');
    for (const [end, change] of ENDS) {
      await putLocal(redis);
      await expectAnswers(here, 0, `healthy, before: ${end}`);
      await change(redis);
      await expectAnswers(here, 12, end);
    }
    // By time alone: nothing is written any more.
    await putLocal(redis, { interval_ms: '1000' });
    await expectAnswers(here, 0, 'it beats');
    await expectAnswers(here, 12, 'its heartbeat is overdue');
    assert.ok(gate.isRunning && !here.hasClaim, gate.said);
    assert.equal((await redis.status())['remote_state'] ?? '', 'stopped', 'nobody has asked the host');
  });

test('a pod that was ready as version-is-local is not while the database does not answer, and is again after that (HF3)', async (t) => {
  const { redis, here } = await startHeld(t);
  here.agent();
  await putLocal(redis);
  await expectAnswers(here, 0, 'healthy');
  redis.freeze();
  await expectAnswers(here, 12, 'no answer');
  redis.thaw();
  await expectAnswers(here, 0, 'it answers again');
  await redis.kill();
  await expectAnswers(here, 12, 'the server is gone');
});

test('a gate that is frozen keeps no pod ready: what it said last runs out with the heartbeat (HF3)', async (t) => {
  const { redis, here, gate } = await startHeld(t);
  here.agent();
  await putLocal(redis, { interval_ms: '5000' });
  await expectAnswers(here, 0, 'healthy');
  gate.signal('SIGSTOP');
  await expectAnswers(here, 12, 'the heartbeat would be overdue');
  gate.signal('SIGCONT');
  await putLocal(redis);
  await expectAnswers(here, 0, 'it runs again');
});

test('a pod held for another reason is not ready beside a healthy one', async (t) => {
  const { redis, here } = await startHeld(t);
  await putLocal(redis);
  await expectAnswers(here, 0, 'healthy');
  await redis.state.hset('KUBE_LABELS|SET', `snmp_${VERSION}_enabled`, 'false');
  await expectAnswers(here, 12, 'version-blocked');
});
