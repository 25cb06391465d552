/** Rows of the databases that hold what no program of SONiC writes: the commands go on all the same. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Kit } from '../support/kit.ts';
import { GO } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const NO_TEXT = Buffer.from([0xff]);
const STATUS = 'FEATURE|snmp';

async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  return { redis, here };
}

test('a field that is not UTF-8 keeps no gate from asking, and from going when the host answers (G20)', async (t) => {
  const { redis, here } = await prepare(t);
  await redis.state.hset(STATUS, 'pending_token', NO_TEXT, 'claim_token', NO_TEXT);
  const gate = here.gate('kube', '1.0.0');
  const { pending_token: token = '' } = await until('the host is asked', async () => {
    const status = await redis.status();
    return status['remote_state'] === 'pending' && status;
  });
  assert.match(token, /^[\w-]+$/);
  await redis.state.hset(STATUS, 'remote_state', 'ready');
  assert.deepEqual(await gate.waitForEnd(), GO);
  assert.equal((await redis.status())['claim_token'], token);
});

test('an agent whose record was lost makes it again over a field that is not UTF-8 (G20)', async (t) => {
  const { redis, here } = await prepare(t);
  await HostStandIn.start(t, redis);
  assert.deepEqual(await here.gate('kube', '1.0.0').waitForEnd(), GO);
  here.agent();
  const { token } = here.readClaim();
  const beats = async () => (await redis.row('CONTAINER_HEALTH|snmp'))['token'] === token;
  await until('it beats', beats);
  // One step, as a heartbeat in between would find the record half gone.
  await redis.state
    .multi()
    .del('CONTAINER_HEALTH|snmp', STATUS)
    .hset(STATUS, 'pending_token', NO_TEXT)
    .exec();
  await until('its record is there again', async () => (await redis.status())['claim_token'] === token);
  await until('it beats again', beats);
});

/** What a terminal obeys or a reader takes for a line: control characters of both kinds, separators, and turns of direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('what a row says colours no terminal, forges no line and turns no text, in logs and answers (S10)', async (t) => {
  const { redis, here } = await prepare(t);
  const nasty = 'x\u001b[31m\r\nforged\u009b31m\u0085y\u2028z\u2029\u202ea\u200bb';
  await redis.config.hset(STATUS, 'set_owner', nasty);
  await redis.state.hset(STATUS, { system_state: nasty, container_version: nasty, update_time: nasty });
  const gate = here.gate('kube', '1.0.0');
  await gate.waitForLine(/held \(owner-is-local\): .*set_owner is .*forged/);
  await until('its row is there', async () => (await redis.hold(here.id))['text']);
  const show = here.command('container_state', 'snmp', 'show');
  assert.deepEqual(await show.waitForEnd(), GO, show.said);
  const lines = [gate.stderr, show.stdout, show.stderr].flatMap((said) => said.split('\n'));
  for (const line of lines) assert.doesNotMatch(line, UNPRINTABLE);
  assert.ok(
    gate.stderrLines.every((line) => line.startsWith('container_startup: snmp: ')),
    gate.stderr,
  );
});
