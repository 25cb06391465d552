import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { type Container, Kit } from '../support/kit.ts';
import { childrenOf, isAlive } from '../support/processes.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { RedisOptions } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** HOLD_TTL (contract.md, section 3). */
const HOLD_TTL_MS = 180_000;

interface Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly container: (id: string, env?: Record<string, string>) => Container;
}

async function prepare(t: TestContext, options: RedisOptions = {}): Promise<Scene> {
  const redis = await PrivateRedis.start(t, options);
  await redis.wantKube();
  const kit = new Kit(t);
  return { redis, kit, container: (id, env) => kit.container(id, { CTRKIT_REDIS: redis.url, ...env }) };
}

const waitForHold = (redis: PrivateRedis, id: string, reason: string) =>
  until(`${id} is held: ${reason}`, async () => {
    const row = await redis.hold(id);
    return row['reason'] === reason && row;
  });

const waitForPending = (redis: PrivateRedis) =>
  until('the host is asked', async () => {
    const status = await redis.status();
    return status['remote_state'] === 'pending' && status;
  });

/** All fields, as a claim of owner kube leaves them (contract.md, section 2). */
function assertKubeClaim(
  status: Readonly<Record<string, string>>,
  of: Container,
  by: { version: string; fromMs: number },
) {
  const { claim_token, claim_ms, update_time, last_update_ts, ...rest } = status;
  assert.deepEqual(rest, {
    system_state: 'up',
    current_owner: 'kube',
    docker_id: of.id,
    container_id: of.id,
    container_version: by.version,
    remote_state: 'running',
    claim_owner: 'kube',
    claim_boot_id: BOOT_ID,
  });
  assert.equal(claim_token, of.readClaim()['token']);
  assert.ok(Number(claim_ms) >= by.fromMs && Number(claim_ms) <= bootMs(), `claim_ms ${claim_ms}`);
  assert.match(update_time ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.ok(Math.abs(Number(last_update_ts) - Date.now() / 1000) < 120, `last_update_ts ${last_update_ts}`);
}

type Change = (redis: PrivateRedis) => Promise<unknown>;

interface Case {
  readonly title: string;
  readonly reason: string;
  readonly text: RegExp;
  readonly hold: Change;
  readonly lift: Change;
}

const CASES: readonly Case[] = [
  {
    title: 'CONFIG_DB names no owner',
    reason: 'owner-is-local',
    text: /set_owner is "local".*config feature owner snmp kube/,
    hold: ({ config }) => config.hdel('FEATURE|snmp', 'set_owner'),
    lift: ({ config }) => config.hset('FEATURE|snmp', 'set_owner', 'kube'),
  },
  {
    title: 'the feature has no configuration at all',
    reason: 'owner-is-local',
    text: /set_owner/,
    hold: ({ config }) => config.del('FEATURE|snmp'),
    lift: ({ config }) => config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'always_enabled' }),
  },
  ...['disabled', 'always_disabled'].map((state) => ({
    title: `the state is ${state}`,
    reason: 'feature-disabled',
    text: new RegExp(`state is "${state}".*config feature state snmp enabled`),
    hold: ({ config }: PrivateRedis) => config.hset('FEATURE|snmp', 'state', state),
    lift: ({ config }: PrivateRedis) => config.hset('FEATURE|snmp', 'state', 'enabled'),
  })),
  {
    title: 'D3: system_state is not there (a flushed STATE_DB, a host that writes late)',
    reason: 'system-not-up',
    text: /system_state is "".*systemctl start snmp/,
    hold: ({ state }) => state.del('FEATURE|snmp'),
    lift: ({ state }) => state.hset('FEATURE|snmp', 'system_state', 'up'),
  },
  {
    title: 'D7: system_state is down, between a stop and the next start of the unit',
    reason: 'system-not-up',
    text: /system_state is "down"/,
    hold: ({ state }) => state.hset('FEATURE|snmp', 'system_state', 'down'),
    lift: ({ state }) => state.hset('FEATURE|snmp', 'system_state', 'up'),
  },
  {
    title: 'its version is blocked on this switch',
    reason: 'version-blocked',
    text: /snmp_1\.4\.0_enabled is "false".*set that field to true/,
    hold: ({ state }) => state.hset('KUBE_LABELS|SET', 'snmp_1.4.0_enabled', 'false'),
    lift: ({ state }) => state.hdel('KUBE_LABELS|SET', 'snmp_1.4.0_enabled'),
  },
  {
    title: 'the local image already has its version',
    reason: 'version-is-local',
    text: /snmp_local is "1\.4\.0".*Deploy a higher one/,
    hold: ({ state }) => state.hset('KUBE_LABELS|SET', 'snmp_local', '1.4.0'),
    lift: ({ state }) => state.hset('KUBE_LABELS|SET', 'snmp_local', '1.3.0'),
  },
  {
    title: 'D1: a higher version runs in a container of the shipped kit',
    reason: 'higher-version-running',
    text: /container bbbbbbbbbbbb runs version 1\.10\.0, higher than this one's 1\.4\.0/,
    hold: (redis) => redis.putShippedHolder('bbbbbbbbbbbb', '1.10.0'),
    lift: (redis) => redis.clearHolder(),
  },
  {
    title: 'D1: a higher version runs in a live container of the kit',
    reason: 'higher-version-running',
    text: /container bbbbbbbbbbbb runs version 2\.0\.0/,
    hold: (redis) => redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() }),
    lift: (redis) => redis.clearHolder(),
  },
];

for (const { title, reason, text, hold, lift } of CASES) {
  test(`kube is held (${reason}) and goes on by itself when that is over: ${title}`, async (t) => {
    const { redis, container } = await prepare(t);
    await hold(redis);
    const before = await redis.dump();
    const here = container('aaaaaaaaaaaa');
    const wallFromS = Math.floor(Date.now() / 1000);
    const gate = here.gate('kube', '1.4.0');
    const { since_ts, renewed_ms, text: why = '', ...row } = await waitForHold(redis, here.id, reason);
    assert.deepEqual(row, { owner: 'kube', version: '1.4.0', reason, boot_id: BOOT_ID });
    assert.match(why, text);
    assert.ok(Number(renewed_ms) > 0 && Number(renewed_ms) <= bootMs(), renewed_ms);
    assert.ok(Number(since_ts) >= wallFromS && Number(since_ts) <= Date.now() / 1000, since_ts);
    const ttlMs = await redis.state.pttl(`CONTAINER_HOLD|snmp|${here.id}`);
    assert.ok(ttlMs > 0 && ttlMs <= HOLD_TTL_MS, `TTL ${ttlMs}`);

    const said = await gate.waitForLine('held');
    assert.equal(said, `container_startup: snmp: held (${reason}): ${why}`);
    const { [`6 CONTAINER_HOLD|snmp|${here.id}`]: _row, ...after } = await redis.dump();
    assert.deepEqual(after, before, 'a held gate has changed something else');
    assert.ok(gate.isRunning && !here.hasClaim);

    const host = await HostStandIn.start(t, redis);
    const fromMs = bootMs();
    const from = performance.now();
    await lift(redis);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    const tookMs = Math.round(performance.now() - from);
    t.diagnostic(
      `${reason}: lifted to go ${tookMs} ms, of it to the host's answer ${askedMs(host, fromMs)} ms`,
    );
    assertKubeClaim(await redis.status(), here, { version: '1.4.0', fromMs });
    assert.deepEqual(await redis.hold(here.id), {});
    assert.equal(gate.stderrLines.filter((line) => line.includes('held')).length, 1, gate.stderr);
  });
}

const askedMs = (host: HostStandIn, fromMs: number): number => (host.answersMs[0] ?? NaN) - fromMs;

test('kube is held (superseded) by another version that asks after it, and asks again when that one has stopped', async (t) => {
  const { redis, container } = await prepare(t);
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await waitForPending(redis);
  await redis.state.hset('FEATURE|snmp', 'container_version', '1.5.0');
  const { text } = await waitForHold(redis, here.id, 'superseded');
  assert.match(text ?? '', /another container, version 1\.5\.0, asked to run after this one/);
  assert.ok(gate.isRunning && !here.hasClaim);
  assert.equal((await redis.status())['container_version'], '1.5.0');

  // The other one runs, and stops.
  await redis.putHolder('bbbbbbbbbbbb', '1.5.0', { intervalMs: 600_000, beatMs: bootMs() });
  await until('the holder is named', async () => {
    const { reason, text: why } = await redis.hold(here.id);
    return ['superseded', 'higher-version-running'].includes(reason ?? '') && why?.includes('bbbbbbbbbbbb');
  });
  assert.ok(gate.isRunning && !here.hasClaim);
  const host = await HostStandIn.start(t, redis);
  const fromMs = bootMs();
  await redis.clearHolder();
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  t.diagnostic(`superseded: stopped to go ${gate.endedMs - fromMs} ms, answers ${host.answersMs.length}`);
  const { pending_token, ...claim } = await redis.status();
  assert.equal(pending_token, undefined);
  assertKubeClaim(claim, here, { version: '1.4.0', fromMs });
});

test('D7: every change of the reason is logged and recorded, and a reason that stays is not logged again', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.config.hset('FEATURE|snmp', { set_owner: 'local', state: 'disabled' });
  await redis.state.hset('FEATURE|snmp', 'system_state', 'down');
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await waitForHold(redis, here.id, 'owner-is-local');
  const calls = await redis.scriptCalls();
  // Looked at, and nothing new: the reason is the same.
  await redis.config.hset('FEATURE|snmp', 'auto_restart', 'enabled');
  await until('it looks again', async () => (await redis.scriptCalls()) > calls);
  await redis.config.hset('FEATURE|snmp', 'set_owner', 'kube');
  await waitForHold(redis, here.id, 'feature-disabled');
  await redis.config.hset('FEATURE|snmp', 'state', 'enabled');
  await waitForHold(redis, here.id, 'system-not-up');
  await gate.waitForLine('system-not-up');
  assert.deepEqual(
    gate.stderrLines.map((line) => /held \(([a-z-]+)\)/.exec(line)?.[1] ?? line),
    ['owner-is-local', 'feature-disabled', 'system-not-up'],
  );
  assert.ok(gate.isRunning);
});

test('a gate with --once stays held when the reason is gone, beside one that goes on', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.state.hset('FEATURE|snmp', 'system_state', 'down');
  const once = container('aaaaaaaaaaaa').gate('kube', '1.4.0', '--once');
  const plain = container('bbbbbbbbbbbb').gate('kube', '1.4.0');
  await waitForHold(redis, 'aaaaaaaaaaaa', 'system-not-up');
  await waitForHold(redis, 'bbbbbbbbbbbb', 'system-not-up');
  await HostStandIn.start(t, redis);
  await redis.state.hset('FEATURE|snmp', 'system_state', 'up');
  assert.deepEqual(await plain.waitForEnd(), GO, plain.said);
  // The next one too, a whole life of a container later.
  await redis.clearHolder();
  const next = container('cccccccccccc').gate('kube', '1.4.0');
  assert.deepEqual(await next.waitForEnd(), GO, next.said);
  assert.ok(once.isRunning, once.said);
  assert.equal((await redis.hold('aaaaaaaaaaaa'))['reason'], 'system-not-up');
  once.signal('SIGTERM');
  assert.deepEqual(await once.waitForEnd(), { code: null, signal: 'SIGTERM' });
});

test('a gate with --once that is not held goes', async (t) => {
  const { redis, container } = await prepare(t);
  await HostStandIn.start(t, redis);
  const gate = container('aaaaaaaaaaaa').gate('kube', '1.4.0', '--once');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test('D8: from a server that sends no keyspace events a slow poll still learns of every change', async (t) => {
  const { redis, container } = await prepare(t, { events: false });
  await redis.state.hset('FEATURE|snmp', 'system_state', 'down');
  await HostStandIn.start(t, redis, { pollMs: 50 });
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await waitForHold(redis, here.id, 'system-not-up');
  const fromMs = bootMs();
  await redis.state.hset('FEATURE|snmp', 'system_state', 'up');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  t.diagnostic(`no events: lifted to go ${gate.endedMs - fromMs} ms`);
  assertKubeClaim(await redis.status(), here, { version: '1.4.0', fromMs });
});

test('the hand-shake: pending with the version and a token of its own, then ready, then running', async (t) => {
  const { redis, container } = await prepare(t);
  const here = container('aaaaaaaaaaaa');
  const fromMs = bootMs();
  const gate = here.gate('kube', '1.4.0');
  const { pending_token = '', ...asked } = await waitForPending(redis);
  t.diagnostic(`start to pending ${bootMs() - fromMs} ms`);
  assert.deepEqual(asked, { system_state: 'up', container_version: '1.4.0', remote_state: 'pending' });
  assert.match(pending_token, /^[\da-f-]{36}$/);
  await gate.waitForLine("waiting for the host's answer");
  assert.ok(gate.isRunning && !here.hasClaim);

  const readyMs = performance.now();
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  t.diagnostic(`ready to go ${Math.round(performance.now() - readyMs)} ms`);
  assertKubeClaim(await redis.status(), here, { version: '1.4.0', fromMs });
  assert.equal(here.readClaim()['token'], pending_token);
});

for (const remoteState of ['', 'none', 'running', 'stopped']) {
  test(`D6: a remote_state of "${remoteState}" is nobody's, and the host is asked anew`, async (t) => {
    const { redis, container } = await prepare(t);
    await redis.state.hset('FEATURE|snmp', 'remote_state', remoteState);
    const gate = container('aaaaaaaaaaaa').gate('kube', '1.4.0');
    await waitForPending(redis);
    await HostStandIn.start(t, redis);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  });
}

test('D8: while it waits for the host it looks at everything else, too', async (t) => {
  const { redis, container } = await prepare(t);
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await waitForPending(redis);
  await redis.config.hset('FEATURE|snmp', 'set_owner', 'local');
  await waitForHold(redis, here.id, 'owner-is-local');
  // The host's answer comes too late: the switch has another owner now.
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  await redis.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'disabled' });
  await waitForHold(redis, here.id, 'feature-disabled');
  assert.ok(gate.isRunning && !here.hasClaim, gate.said);
});

test('D6: a ready left over by a killed gate does not let the next container through', async (t) => {
  const { redis, container } = await prepare(t);
  const killed = container('aaaaaaaaaaaa').gate('kube', '1.4.0');
  const { pending_token: killedToken } = await waitForPending(redis);
  killed.signal('SIGKILL');
  await killed.waitForEnd();
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');

  const here = container('bbbbbbbbbbbb');
  const gate = here.gate('kube', '1.4.0');
  const { pending_token } = await waitForPending(redis);
  assert.notEqual(pending_token, killedToken);
  assert.ok(gate.isRunning && !here.hasClaim, gate.said);
  assert.equal((await redis.status())['current_owner'], undefined);
  const fromMs = bootMs();
  await HostStandIn.start(t, redis);
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assertKubeClaim(await redis.status(), here, { version: '1.4.0', fromMs });
});

test('a ready that no container of the kit has asked for lets the container through', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  const fromMs = bootMs();
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assertKubeClaim(await redis.status(), here, { version: '1.4.0', fromMs });
});

test('D5: of two containers of one version exactly one goes, and the other is held (superseded)', async (t) => {
  const { redis, container } = await prepare(t);
  const ids = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
  const gates = ids.map((id) => container(id).gate('kube', '1.4.0'));
  for (const gate of gates) await gate.waitForLine("waiting for the host's answer");
  const host = await HostStandIn.start(t, redis);
  const winner = await until(
    'one goes',
    () => gates.findIndex((gate) => gate.end !== undefined) + 1 || false,
  );
  const [gone, other] = winner === 1 ? gates : gates.toReversed();
  assert.deepEqual(gone?.end, GO, gone?.said);
  const [goneId, otherId = ''] = winner === 1 ? ids : ids.toReversed();
  const { text } = await waitForHold(redis, otherId, 'superseded');
  assert.match(text ?? '', new RegExp(`container ${goneId}, version 1\\.4\\.0, was let in first`));
  const { docker_id, remote_state } = await redis.status();
  assert.deepEqual({ docker_id, remote_state }, { docker_id: goneId, remote_state: 'running' });
  assert.equal(host.answersMs.length, 1);
  assert.ok(other?.isRunning, other?.said);
});

test('the version that already runs locally goes where nothing may fall back to local and no local runs', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.config.hset('FEATURE|snmp', 'no_fallback_to_local', 'True');
  await redis.state.hset('KUBE_LABELS|SET', 'snmp_local', '1.4.0');
  await HostStandIn.start(t, redis);
  const gate = container('aaaaaaaaaaaa').gate('kube', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test('D20: "false" is no yes to no_fallback_to_local, and letter case makes no other version', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.config.hset('FEATURE|snmp', 'no_fallback_to_local', 'false');
  await redis.state.hset('KUBE_LABELS|SET', 'snmp_local', 'MASTER.12-ABCDEF');
  const gate = container('aaaaaaaaaaaa').gate('kube', 'master.12-abcdef');
  await waitForHold(redis, 'aaaaaaaaaaaa', 'version-is-local');
  assert.ok(gate.isRunning);
});

test('a state that is a template still, and a version that can not be compared, are no reason to hold', async (t) => {
  const { redis, container } = await prepare(t);
  const template = '{% if not (DEVICE_METADATA is defined) %}enabled{% else %}disabled{% endif %}';
  await redis.config.hset('FEATURE|snmp', 'state', template);
  await redis.putHolder('bbbbbbbbbbbb', 'somebodys-build', { intervalMs: 600_000, beatMs: bootMs() });
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await gate.waitForLine("can't be compared with somebodys-build");
  await HostStandIn.start(t, redis);
  await gate.waitForLine('waiting for container bbbbbbbbbbbb to stop');
  assert.ok(gate.isRunning && !here.hasClaim);
  await redis.clearHolder();
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test('a container that is started again is not in its own way', async (t) => {
  const { redis, container } = await prepare(t);
  await HostStandIn.start(t, redis);
  const here = container('aaaaaaaaaaaa');
  for (const version of ['2.0.0', '1.4.0']) {
    const fromMs = bootMs();
    const gate = here.gate('kube', version);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assertKubeClaim(await redis.status(), here, { version, fromMs });
  }
});

test('a holder of an earlier boot is in nobody’s way', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  await redis.state.hset('FEATURE|snmp', 'claim_boot_id', '00000000-0000-4000-8000-000000000000');
  await HostStandIn.start(t, redis);
  const gate = container('aaaaaaaaaaaa').gate('kube', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
});

test('after docker kill the next container, of a lower version too, goes as soon as the heartbeat is overdue, not before', async (t) => {
  const { redis, container } = await prepare(t);
  await HostStandIn.start(t, redis);
  const dead = container('aaaaaaaaaaaa', { CTRKIT_HEARTBEAT_INTERVAL: '1s' });
  const first = dead.gate('kube', '2.0.0');
  assert.deepEqual(await first.waitForEnd(), GO, first.said);
  const agent = dead.agent();
  await until('it beats', async () => Number((await redis.row('CONTAINER_HEALTH|snmp'))['seq']) >= 2);
  const here = container('bbbbbbbbbbbb');
  const gate = here.gate('kube', '1.4.0');
  await waitForHold(redis, here.id, 'higher-version-running');

  agent.signal('SIGKILL');
  await agent.waitForEnd();
  const { beat_ms, interval_ms } = await redis.row('CONTAINER_HEALTH|snmp');
  const overdueMs = Number(beat_ms) + 3 * Number(interval_ms);
  assert.equal(interval_ms, '1000');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const goMs = Number((await redis.status())['claim_ms']);
  t.diagnostic(`overdue to go ${goMs - overdueMs} ms`);
  assert.ok(goMs >= overdueMs, `went ${overdueMs - goMs} ms before the heartbeat was overdue`);
});

test('a holder whose agent never came is live for three intervals after its claim, and no longer', async (t) => {
  const { redis, container } = await prepare(t);
  await HostStandIn.start(t, redis);
  // As if it had gone 27 s ago: 3 s are left of 3 intervals of 10 s, which count when none is promised.
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0');
  const claimMs = bootMs() - 27_000;
  await redis.state.hset('FEATURE|snmp', 'claim_ms', String(claimMs));
  const here = container('aaaaaaaaaaaa');
  const gate = here.gate('kube', '1.4.0');
  await waitForHold(redis, here.id, 'higher-version-running');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const goMs = Number((await redis.status())['claim_ms']);
  assert.ok(goMs >= claimMs + 30_000, `went ${claimMs + 30_000 - goMs} ms too early`);
});

/** Each state a gate of owner kube can be in for long, and how to know that it is. */
const STATES: readonly {
  readonly name: string;
  readonly more?: readonly string[];
  readonly prepare: (scene: Scene) => Promise<unknown>;
  readonly reached: (gate: Program) => Promise<unknown>;
}[] = [
  {
    name: 'held',
    prepare: ({ redis }) => redis.state.del('FEATURE|snmp'),
    reached: (gate) => gate.waitForLine('held (system-not-up)'),
  },
  {
    name: 'held for good',
    more: ['--once'],
    prepare: ({ redis }) => redis.state.del('FEATURE|snmp'),
    reached: (gate) => gate.waitForLine('held (system-not-up)'),
  },
  {
    name: 'waiting for the host',
    prepare: () => Promise.resolve(),
    reached: (gate) => gate.waitForLine("waiting for the host's answer"),
  },
  {
    name: 'waiting for a database that is not there',
    prepare: ({ redis }) => redis.kill(),
    reached: (gate) => gate.waitForLine('waiting, not started'),
  },
  {
    name: 'waiting for a database that does not answer',
    prepare: ({ redis }) => {
      redis.freeze();
      return Promise.resolve();
    },
    reached: (gate) => gate.waitForLine('no answer within'),
  },
];

for (const state of STATES) {
  test(`SIGTERM ends a gate, ${state.name}; a shell sees 143`, async (t) => {
    const scene = await prepare(t);
    const { kit, container } = scene;
    await state.prepare(scene);
    const here = container('aaaaaaaaaaaa');
    const command = [`${kit.overlay}/usr/bin/container_startup`, '-f', 'snmp', '-o', 'kube', '-v', '1.4.0'];
    const shell = kit.run(
      ['sh', '-c', '"$@"; echo "status $?"', 'sh', ...command, ...(state.more ?? [])],
      here.env,
    );
    await state.reached(shell);
    const [gate] = childrenOf(shell.pid);
    assert.ok(gate);
    const fromMs = bootMs();
    process.kill(gate.pid, 'SIGTERM');
    assert.deepEqual(await shell.waitForEnd(), GO);
    assert.match(shell.stdout, /^status 143$/m);
    t.diagnostic(`${state.name}: SIGTERM to end ${shell.endedMs - fromMs} ms`);
    assert.ok(!here.hasClaim);
  });
}

test('SIGTERM ends a gate of owner local at once that waits for its database', async (t) => {
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: `unix://${kit.folder}/none.sock` });
  const gate = here.gate('local', '1.4.0');
  await gate.waitForLine('Waiting for it');
  gate.signal('SIGTERM');
  assert.deepEqual(await gate.waitForEnd(), { code: null, signal: 'SIGTERM' });
  assert.ok(!here.hasClaim);
});

test('a gate that is killed leaves a CONTAINER_HOLD row which expires by itself', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.state.hset('FEATURE|snmp', 'system_state', 'down');
  const gate = container('aaaaaaaaaaaa').gate('kube', '1.4.0');
  await waitForHold(redis, 'aaaaaaaaaaaa', 'system-not-up');
  gate.signal('SIGKILL');
  await gate.waitForEnd();
  const key = 'CONTAINER_HOLD|snmp|aaaaaaaaaaaa';
  const leftMs = await redis.state.pttl(key);
  assert.ok(leftMs > 0 && leftMs <= HOLD_TTL_MS, `TTL ${leftMs}`);
  await until('it runs out', async () => (await redis.state.pttl(key)) < leftMs);
});

test('a gate whose parent is gone ends, held or waiting', async (t) => {
  const { redis, kit, container } = await prepare(t);
  for (const systemState of ['down', 'up']) {
    await redis.state.hset('FEATURE|snmp', 'system_state', systemState);
    const here = container('aaaaaaaaaaaa');
    const command = [`${kit.overlay}/usr/bin/container_startup`, '-f', 'snmp', '-o', 'kube', '-v', '1.4.0'];
    const shell = kit.run(['sh', '-c', '"$@"; echo went on', 'sh', ...command], here.env);
    await shell.waitForLine(systemState === 'up' ? 'waiting for the host' : 'held');
    const [gate] = childrenOf(shell.pid);
    assert.ok(gate);
    const fromMs = bootMs();
    shell.signal('SIGKILL');
    await until('the gate is gone', () => !isAlive(gate.pid));
    t.diagnostic(`parent gone to gate gone ${bootMs() - fromMs} ms`);
  }
});

test('a gate ends with 129 when the caller that it is told of is gone, in each state', async (t) => {
  for (const state of STATES) {
    const scene = await prepare(t);
    await state.prepare(scene);
    const caller = scene.kit.run(['sleep', '1000']);
    const here = scene.container('aaaaaaaaaaaa', { CTRKIT_CALLER_PID: String(caller.pid) });
    const gate = here.gate('kube', '1.4.0', ...(state.more ?? []));
    await state.reached(gate);
    assert.ok(gate.isRunning);
    caller.signal('SIGKILL');
    assert.deepEqual(await gate.waitForEnd(), { code: 129, signal: null }, `${state.name}: ${gate.said}`);
    assert.ok(!here.hasClaim);
  }
});

test('where no claim can be left for the agent the host is not asked, which is said once, and it goes when it can (G8)', async (t) => {
  const { redis, container } = await prepare(t);
  const host = await HostStandIn.start(t, redis);
  const runFolder = join(container('aaaaaaaaaaaa').runFolder, 'folder');
  writeFileSync(runFolder, 'a file, where a folder should be');
  const here = container('aaaaaaaaaaaa', { CTRKIT_RUN_DIR: runFolder });
  const gate = here.gate('kube', '1.4.0');
  const line = /not started, and the host is not asked: the folder can not be written/;
  await gate.waitForLine(line);
  const { claim_token, remote_state } = await redis.status();
  assert.deepEqual({ claim_token, remote_state }, { claim_token: undefined, remote_state: undefined });
  assert.deepEqual(host.answersMs, []);
  assert.ok(gate.isRunning, gate.said);
  rmSync(runFolder);
  const fromMs = bootMs();
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  t.diagnostic(`folder mended to go ${gate.endedMs - fromMs} ms`);
  assert.equal(gate.stderrLines.filter((said) => line.test(said)).length, 1, gate.stderr);
  assert.equal((await redis.status())['docker_id'], here.id);
});

test('start.sh run again beside the running application keeps the claim, and asks nobody a second time', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  const here = container('aaaaaaaaaaaa');
  assert.deepEqual(await here.gate('kube', '1.4.0').waitForEnd(), GO);
  const token = here.readClaim()['token'];
  const again = here.gate('kube', '1.4.0');
  assert.deepEqual(await again.waitForEnd(), GO, again.said);
  assert.equal(here.readClaim()['token'], token);
  const { claim_token, remote_state, pending_token } = await redis.status();
  assert.deepEqual(
    { claim_token, remote_state, pending_token },
    { claim_token: token, remote_state: 'running', pending_token: undefined },
  );
});

test('start.sh run again and held leaves the claim of the application that runs as it is', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  const here = container('aaaaaaaaaaaa');
  assert.deepEqual(await here.gate('kube', '1.4.0').waitForEnd(), GO);
  const token = here.readClaim()['token'];
  await redis.config.hset('FEATURE|snmp', 'set_owner', 'local');
  const again = here.gate('kube', '1.4.0');
  await waitForHold(redis, 'aaaaaaaaaaaa', 'owner-is-local');
  assert.equal(here.readClaim()['token'], token);
  assert.equal((await redis.status())['claim_token'], token);
  again.signal('SIGKILL');
  await again.waitForEnd();
});
