import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { type Container, IMAGE_NODE, Kit } from '../support/kit.ts';
import { GO } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A moment as the wall clock of this time zone shows it, in `update_time`. */
const parseLocalTime = (text = ''): number => {
  assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  return Date.parse(text.replace(' ', 'T'));
};

async function startWithRedis(t: TestContext): Promise<{ redis: PrivateRedis; kit: Kit }> {
  return { redis: await PrivateRedis.start(t), kit: new Kit(t) };
}

/** All fields, as a claim of owner local leaves them (contract.md, section 2). */
function assertLocalClaim(
  status: Readonly<Record<string, string>>,
  of: Container,
  by: { readonly version: string; readonly fromMs: number; readonly wallFromMs: number },
): void {
  const { claim_token, claim_ms, update_time, last_update_ts, ...rest } = status;
  assert.deepEqual(rest, {
    current_owner: 'local',
    docker_id: of.id,
    container_id: 'snmp',
    container_version: by.version,
    claim_owner: 'local',
    claim_boot_id: BOOT_ID,
  });
  assert.match(claim_token ?? '', UUID);
  assert.ok(Number(claim_ms) >= by.fromMs && Number(claim_ms) <= bootMs(), `claim_ms ${claim_ms}`);
  const wallFromMs = Math.floor(by.wallFromMs / 1000) * 1000;
  for (const ms of [Number(last_update_ts) * 1000, parseLocalTime(update_time)])
    assert.ok(ms >= wallFromMs && ms <= Date.now(), `${update_time}, ${last_update_ts}`);
}

test('owner local goes at once, with every field of the claim and the label that blocks its version', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  const container = kit.container('0123456789ab', { CTRKIT_REDIS: redis.url });
  const by = { version: '20240510.12', fromMs: bootMs(), wallFromMs: Date.now() };
  const gate = container.gate('local', by.version);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assertLocalClaim(await redis.status(), container, by);
  assert.deepEqual(await redis.row('KUBE_LABELS|SET'), { snmp_local: '20240510.12' });
  assert.deepEqual((await redis.state.keys('*')).toSorted(), ['FEATURE|snmp', 'KUBE_LABELS|SET']);
  assert.deepEqual(await redis.config.keys('*'), []);
  assert.equal(gate.stdout, '');
  assert.equal(gate.stderr, '');
});

test('the claim is left for the agent in claim.json, whole, and for root only', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  const container = kit.container('0123456789ab');
  const fromMs = bootMs();
  const gate = container.gate('local', '1.2.3', '--redis', redis.url);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const { started_ms, container_start, ...claim } = container.readClaim();
  assert.deepEqual(claim, {
    feature: 'snmp',
    owner: 'local',
    version: '1.2.3',
    docker_id: '0123456789ab',
    token: (await redis.status())['claim_token'],
    recorded: true,
    started: false,
    redis_url: redis.url,
    mirrored: false,
    outside: true,
    replaced: false,
    released: false,
  });
  assert.ok(Number(started_ms) >= fromMs && Number(started_ms) <= bootMs());
  assert.ok(String(container_start).startsWith(`${BOOT_ID}/`));
  assert.equal(statSync(container.claimPath).mode & 0o777, 0o600);
});

test('a gate by hand leaves on record who asked first: a program of supervisord', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  const container = kit.container('0123456789ab', { CTRKIT_REDIS: redis.url });
  const words = ['-f', 'snmp', '-o', 'local', '-v', '1.2.3'];
  const env = { ...container.env, SUPERVISOR_ENABLED: '1' };
  const program = kit.run([join(kit.overlay, 'usr/bin/container_startup'), ...words], env);
  assert.deepEqual(await program.waitForEnd(), GO, program.said);
  const { token, outside } = container.readClaim();
  assert.equal(outside, false);
  const byHand = container.gate('local', '1.2.3');
  assert.deepEqual(await byHand.waitForEnd(), GO, byHand.said);
  assert.deepEqual([container.readClaim()['token'], container.readClaim()['outside']], [token, false]);
});

test('owner local takes the feature over from a live kube holder and leaves remote_state to the host', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  await redis.wantKube();
  await redis.putHolder('bbbbbbbbbbbb', '9.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  await redis.state.hset('FEATURE|snmp', 'pending_token', 'token-of-somebody');
  const container = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  const by = { version: '1.0.0', fromMs: bootMs(), wallFromMs: Date.now() };
  const gate = container.gate('local', by.version);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const { system_state, remote_state, ...claim } = await redis.status();
  assertLocalClaim(claim, container, by);
  assert.deepEqual({ system_state, remote_state }, { system_state: 'up', remote_state: 'running' });
});

test('owner local asks nothing: it goes with the feature disabled, blocked and owned by kube', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  await redis.wantKube({ config: { state: 'disabled' }, status: { system_state: 'down' } });
  await redis.state.hset('KUBE_LABELS|SET', { 'snmp_1.0.0_enabled': 'false', snmp_local: '1.0.0' });
  const gate = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url }).gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.equal((await redis.status())['current_owner'], 'local');
});

test('an image without a version is 0.0.0', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  for (const version of [['-v'], ['-v', ''], []]) {
    const container = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
    const gate = container.command('container_startup', '-f', 'snmp', '-o', 'local', ...version);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assert.equal((await redis.status())['container_version'], '0.0.0');
    assert.equal((await redis.row('KUBE_LABELS|SET'))['snmp_local'], '0.0.0');
    await redis.state.flushdb();
  }
});

test('D2: without a database owner local waits its limit, not less, and then starts without a record', async (t) => {
  const kit = new Kit(t);
  const redis = PrivateRedis.prepare(t);
  const container = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, CTRKIT_LOCAL_DB_WAIT: '2s' });
  const fromMs = bootMs();
  const gate = container.gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const tookMs = gate.endedMs - fromMs;
  t.diagnostic(`local, no database, limit 2000 ms: went after ${tookMs} ms`);
  assert.ok(tookMs >= 1990, `went after ${tookMs} ms`);
  assert.equal(container.readClaim()['recorded'], false);
  assert.match(gate.stderr, /Waiting for it, then starting without it/);
  assert.match(gate.stderr, /Starting without a record/);
});

test('a gate whose first line is its last one has written it when it ends', async (t) => {
  const container = new Kit(t).container('0123456789ab', {
    CTRKIT_LOCAL_DB_WAIT: '0',
    CTRKIT_REDIS: 'unix:///nowhere/redis.sock',
  });
  const gate = container.gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.equal(gate.stderrLines.length, 1, gate.stderr);
  assert.match(gate.stderr, /Starting without a record/);
});

test('owner local goes with a record as soon as the database comes within its limit', async (t) => {
  const kit = new Kit(t);
  const redis = PrivateRedis.prepare(t);
  const container = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, CTRKIT_LOCAL_DB_WAIT: '10m' });
  const gate = container.gate('local', '1.0.0');
  await gate.waitForLine('Waiting for it');
  assert.ok(gate.isRunning);
  await redis.start();
  const fromMs = bootMs();
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  t.diagnostic(`local: database there to go ${gate.endedMs - fromMs} ms`);
  assert.equal(container.readClaim()['recorded'], true);
  assert.equal((await redis.status())['claim_token'], container.readClaim()['token']);
});

test('a claim that could not be recorded is recorded by the agent when the database is there', async (t) => {
  const kit = new Kit(t);
  const redis = PrivateRedis.prepare(t);
  const container = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, CTRKIT_LOCAL_DB_WAIT: '0' });
  const agent = container.agent();
  const gate = container.gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const { token } = container.readClaim();
  await agent.waitForLine("can't be used");

  const by = { version: '1.0.0', fromMs: bootMs(), wallFromMs: Date.now() };
  await redis.start();
  // A kube holder that was recorded meanwhile does not keep owner local from its feature.
  await until('the claim is recorded', async () => (await redis.status())['claim_token'] === token);
  t.diagnostic(`agent: database there to claim recorded ${bootMs() - by.fromMs} ms`);
  assertLocalClaim(await redis.status(), container, by);
  assert.equal((await redis.row('KUBE_LABELS|SET'))['snmp_local'], '1.0.0');
  await until('claim.json says so', () => container.readClaim()['recorded'] === true);
  const beat = await until('it beats', async () => {
    const row = await redis.row('CONTAINER_HEALTH|snmp');
    return Number(row['seq']) >= 2 && row;
  });
  assert.equal(beat['token'], token);
});

test('an unrecorded claim of owner local is recorded over a kube holder who came meanwhile', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  const container = kit.container('aaaaaaaaaaaa', {
    CTRKIT_REDIS: `${redis.url}.not-yet`,
    CTRKIT_LOCAL_DB_WAIT: '0',
  });
  const gate = container.gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  await redis.wantKube();
  await redis.putHolder('bbbbbbbbbbbb', '9.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  kit.run([`${kit.overlay}/usr/bin/ctrkit_agent`], { ...container.env, CTRKIT_REDIS: redis.url });
  await until('the claim is recorded', async () => (await redis.status())['docker_id'] === 'aaaaaaaaaaaa');
  assert.equal((await redis.status())['current_owner'], 'local');
});

test('D2: an unrecorded go does not hide that claim.json can not be written', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  const container = kit.container('aaaaaaaaaaaa', {
    CTRKIT_REDIS: redis.url,
    CTRKIT_RUN_DIR: `${kit.folder}/rootfs/usr/bin/container_startup/no-folder`,
  });
  const gate = container.gate('local', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.equal(gate.stderrLines.length, 1, gate.stderr);
  assert.match(gate.stderr, /claim\.json can't be written: .*nobody renews or clears the record/);
  const status = await redis.status();
  assert.equal(status['current_owner'], 'local');
  // Nobody will renew it: without a token it counts until it is cleared, and lets no other container in beside.
  assert.equal(status['claim_token'], '');
});

test('gate, agent and container_state run on the pinned Node.js and on the one of this machine', async (t) => {
  const { redis, kit } = await startWithRedis(t);
  for (const [number, node] of [IMAGE_NODE, process.execPath].entries()) {
    const container = kit.container(`${number}23456789012`, { CTRKIT_REDIS: redis.url, CTRKIT_NODE: node });
    const gate = container.gate('local', '1.0.0');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    const agent = container.agent();
    const { token } = container.readClaim();
    await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['token'] === token);
    const show = container.command('container_state', 'snmp', 'show');
    assert.deepEqual(await show.waitForEnd(), GO, show.said);
    assert.match(show.stdout, new RegExp(`container ${container.id}, owner local, version 1\\.0\\.0`));
    agent.signal('SIGTERM');
    assert.deepEqual(await agent.waitForEnd(), GO, agent.said);
    assert.equal((await redis.status())['current_owner'], 'none');
  }
  assert.ok(existsSync(IMAGE_NODE));
});

for (const [how, breakRedis] of [
  ['is gone', (redis: PrivateRedis) => redis.kill()],
  ['hangs', (redis: PrivateRedis) => redis.freeze()],
] as const)
  test(`run again in a container that has its claim it does not wait for a database that ${how}`, async (t) => {
    const { redis, kit } = await startWithRedis(t);
    const container = kit.container('0123456789ab', { CTRKIT_REDIS: redis.url, CTRKIT_LOCAL_DB_WAIT: '24h' });
    assert.deepEqual(await container.gate('local', '1.2.3').waitForEnd(), GO);
    const { token } = container.readClaim();
    await breakRedis(redis);
    const again = container.gate('local', '1.2.3');
    assert.deepEqual(await again.waitForEnd(), GO, again.said);
    assert.match(again.stderr, /Starting; this container holds the claim/);
    assert.equal(container.readClaim()['token'], token);

    const other = container.gate('local', '1.2.4');
    await until('it tells that it waits', () => existsSync(`${container.runFolder}/gate.json`));
    assert.ok(other.isRunning);
  });
