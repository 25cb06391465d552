import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Kit } from '../support/kit.ts';
import { RedisProxy } from '../support/outages/redis-proxy.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const OUTAGE_MS = 12_000;
/** Of one process, in any outage (contract.md, section 3). */
const MAX_COMMANDS_PER_S = 5;
const MAX_LINES_PER_MIN = 6;

/** What the host writes again, and what there is then, one after the other: each a change of what the gate waits for. */
const CHANGE_EVERY_MS = 150;

const passMs = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** A Redis, and the way to it of one process: what passes there is counted. */
async function setUp(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const proxy = await RedisProxy.start(t, () => redis.socketPath);
  const container = new Kit(t).container('aaaaaaaaaaaa', {
    CTRKIT_REDIS: `redis://127.0.0.1:${proxy.port}`,
    CTRKIT_HEARTBEAT_INTERVAL: '1s',
  });
  return { redis, proxy, container };
}

/** During the whole outage the process neither floods its database nor its log. */
async function expectCalm(t: TestContext, process: Program, proxy: RedisProxy): Promise<void> {
  const before = { requests: proxy.requests, lines: process.stderrLines.length };
  await passMs(OUTAGE_MS);
  const requests = proxy.requests - before.requests;
  const lines = process.stderrLines.length - before.lines;
  t.diagnostic(`${requests} requests and ${lines} lines in ${OUTAGE_MS / 1_000} s`);
  assert.ok(requests <= (OUTAGE_MS / 1_000) * MAX_COMMANDS_PER_S, `${requests} requests`);
  assert.ok(lines <= MAX_LINES_PER_MIN, process.said);
}

type Fault = (redis: PrivateRedis, proxy: RedisProxy) => Promise<unknown>;

const FAULTS: Readonly<Record<string, Fault>> = {
  'has no memory left': (redis) => redis.state.config('SET', 'maxmemory', '1'),
  'is a replica': (redis) => redis.state.replicaof('127.0.0.1', 1),
  'answers once and drops the connection': async (_redis, proxy) => (proxy.mode = 'drop-after-answer'),
  'gives the user no channels': (redis) => redis.state.call('ACL', 'SETUSER', 'default', 'resetchannels'),
};

describe('a database that', { timeout: 600_000 }, () => {
  for (const [what, begin] of Object.entries(FAULTS)) {
    test(`${what}: a held gate asks and logs seldom (G3)`, async (t) => {
      const { redis, proxy, container } = await setUp(t);
      await redis.wantKube({ status: { system_state: 'down' } });
      const gate = container.gate('kube', '1.0.0');
      await until('it is held', async () => (await redis.hold(container.id))['reason']);
      await begin(redis, proxy);
      proxy.drop();
      await expectCalm(t, gate, proxy);
    });

    test(`${what}: an agent asks and logs seldom (G3)`, async (t) => {
      const { redis, proxy, container } = await setUp(t);
      const gate = container.gate('local', '1.0.0');
      assert.deepEqual(await gate.waitForEnd(), { code: 0, signal: null });
      const agent = container.agent();
      await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['seq']);
      await begin(redis, proxy);
      await expectCalm(t, agent, proxy);
    });
  }

  const comeBack: Readonly<Record<string, (redis: PrivateRedis) => Promise<unknown>>> = {
    emptied: (redis) => redis.state.flushall(),
    'started again': (redis) => redis.kill().then(() => redis.start()),
  };
  for (const [how, empty] of Object.entries(comeBack))
    test(`is ${how} every second: a waiting gate asks and logs seldom`, async (t) => {
      const { redis, proxy, container } = await setUp(t);
      await redis.wantKube({ status: { current_owner: 'none' } });
      const gate = container.gate('kube', '1.0.0');
      await until('it asks', async () => (await redis.status())['remote_state'] === 'pending');
      const state = { isOver: false };
      const calm = expectCalm(t, gate, proxy).finally(() => (state.isOver = true));
      while (!state.isOver) await Promise.all([empty(redis).then(() => refill(redis)), passMs(1_000)]);
      await calm;
    });
});

async function refill(redis: PrivateRedis): Promise<void> {
  const changes = [
    () => redis.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled' }),
    () => redis.state.hset('FEATURE|snmp', { system_state: 'up', current_owner: 'none' }),
    () => redis.state.hset('FEATURE|snmp', { remote_state: 'ready', pending_token: 'of another' }),
    () => redis.putHolder('bbbbbbbbbbbb', '0.1.0'),
    () => redis.putShippedHolder('bbbbbbbbbbbb', '2.0.0'),
  ];
  for (const change of changes) {
    await passMs(CHANGE_EVERY_MS);
    await change();
  }
}
