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
});
