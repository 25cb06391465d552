import assert from 'node:assert/strict';
import { readLogs, type Container } from '../../support/images.ts';
import { BOOT_ID, bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning, listCommands } from '../support/assertions.ts';
import { elapsedMs, isPending, isRelease, type Recorder, type Write } from '../support/recorder.ts';
import { signalKit } from '../support/signals.ts';
import { scenario, type Switch } from '../support/switch.ts';

interface Held {
  readonly container: Container;
  readonly version: string;
  readonly reason: string;
  /** What it says, and says what to do. */
  readonly text: RegExp;
}

/** Held in every respect: no application, a row that says why, a line in the log, and nothing else written. */
async function assertHeld(here: Switch, held: Held): Promise<void> {
  const { container, version, reason } = held;
  const { text = '', since_ts, renewed_ms, ...row } = await here.untilHeld(container, reason);
  assert.deepEqual(row, { owner: 'kube', version, reason, boot_id: BOOT_ID });
  assert.match(text, held.text);
  const heldForS = Date.now() / 1000 - Number(since_ts);
  assert.ok(heldForS >= 0 && heldForS < 60, `since_ts ${since_ts}`);
  assert.ok(Number(renewed_ms) > 0 && Number(renewed_ms) <= bootMs(), `renewed_ms ${renewed_ms}`);
  const ttlMs = await here.state.pttl(`CONTAINER_HOLD|snmp|${container.id}`);
  assert.ok(ttlMs > 0 && ttlMs <= 180_000, `TTL ${ttlMs}`);
  await assertNotRunning(container);
  await here.untilLogs(container, `held (${reason})`);
}

/** From the write that lifts the reason to the gate's question to the host, by the server's clock. */
async function measureReaction(
  here: Switch,
  recorder: Recorder,
  isLift: (write: Write) => boolean,
): Promise<number> {
  return here.until('the gate goes on', async () => {
    const lift = recorder.writes.findLastIndex(isLift);
    const pending = recorder.writes.slice(lift).find(isPending);
    return lift >= 0 && pending !== undefined && elapsedMs(recorder.writes[lift], pending);
  });
}

const CASES = [
  {
    reason: 'owner-is-local',
    title: 'the switch runs its own image',
    text: /set_owner is "local".*config feature owner snmp kube/,
    hold: ({ config }: Switch) => config.hset('FEATURE|snmp', 'set_owner', 'local'),
    lift: ({ config }: Switch) => config.hset('FEATURE|snmp', 'set_owner', 'kube'),
  },
  {
    reason: 'feature-disabled',
    title: 'the feature is disabled (D12)',
    text: /state is "disabled".*config feature state snmp enabled/,
    hold: ({ config }: Switch) => config.hset('FEATURE|snmp', 'state', 'disabled'),
    lift: ({ config }: Switch) => config.hset('FEATURE|snmp', 'state', 'always_enabled'),
  },
  {
    reason: 'system-not-up',
    title: 'the host has not started the feature: STATE_DB is empty (D3)',
    text: /system_state is "".*systemctl start snmp/,
    hold: ({ state }: Switch) => state.flushdb(),
    lift: ({ state }: Switch) => state.hset('FEATURE|snmp', 'system_state', 'up'),
  },
  {
    reason: 'system-not-up',
    title: 'the host is between a stop and the next start of the feature (D7)',
    text: /system_state is "down"/,
    hold: ({ state }: Switch) => state.hset('FEATURE|snmp', 'system_state', 'down'),
    lift: ({ state }: Switch) => state.hset('FEATURE|snmp', 'system_state', 'up'),
  },
  {
    reason: 'version-blocked',
    title: 'its version is blocked on this switch',
    text: /snmp_1\.0\.0_enabled is "false"/,
    hold: ({ state }: Switch) => state.hset('KUBE_LABELS|SET', 'snmp_1.0.0_enabled', 'false'),
    lift: ({ state }: Switch) => state.hdel('KUBE_LABELS|SET', 'snmp_1.0.0_enabled'),
  },
  {
    reason: 'version-is-local',
    title: 'the local image has this version already',
    text: /snmp_local is "1\.0\.0"/,
    hold: ({ state }: Switch) => state.hset('KUBE_LABELS|SET', 'snmp_local', '1.0.0'),
    lift: ({ state }: Switch) => state.hset('KUBE_LABELS|SET', 'snmp_local', '0.9.0'),
  },
];

for (const { reason, title, text, hold, lift } of CASES) {
  scenario(`kube is held (${reason}) and goes on by itself when that is over: ${title}`, async (here, t) => {
    await here.startDatabaseForKube();
    await hold(here);
    const before = await here.status();
    const fromMs = bootMs();
    const container = await here.start('kube');
    await assertHeld(here, { container, version: '1.0.0', reason, text });
    assert.deepEqual(await here.status(), before, 'a held container has changed the record');

    const recorder = await here.record();
    await lift(here);
    const tookMs = await measureReaction(here, recorder, ({ isByScript }) => !isByScript);
    t.diagnostic(`${reason}: lifted to pending ${tookMs} ms`);
    assert.deepEqual(await here.hold(container), {});

    here.startHost();
    await here.untilRuns(container);
    const others = { system_state: 'up' };
    await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs, others });
    assert.equal((await readLogs(container)).split('held (').length, 2, 'said more than once');
  });
}

scenario(
  'kube is held (higher-version-running) and goes on by itself after the release: a higher version runs (D1)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const higher = await here.startRunning('2.0.0');
    const before = await here.status();
    const container = await here.start('kube');
    const text = new RegExp(
      `container ${higher.id} runs version 2\\.0\\.0, higher than this one's 1\\.0\\.0`,
    );
    await assertHeld(here, { container, version: '1.0.0', reason: 'higher-version-running', text });
    assert.deepEqual(await here.status(), before, 'a held container has changed the record');
    await here.untilAnswers(higher, '2.0.0');

    const recorder = await here.record();
    await here.stop(higher);
    const tookMs = await measureReaction(here, recorder, isRelease);
    t.diagnostic(`higher-version-running: released to pending ${tookMs} ms`);
    await here.untilRuns(container);
    assert.deepEqual(await here.hold(container), {});
  },
);

scenario(
  'kube is held (superseded) and goes on by itself after the release: another container asked after it and was let in',
  async (here, t) => {
    await here.startDatabaseForKube();
    const first = await here.start('kube', { tag: '2.0.0' });
    await here.until('the first one asks', async () => (await here.status())['remote_state'] === 'pending');
    const second = await here.start('kube', { tag: '1.0.0' });
    const asked = /another container, version 1\.0\.0, asked to run after this one/;
    await assertHeld(here, { container: first, version: '2.0.0', reason: 'superseded', text: asked });

    // Now the host answers: only to the one that asked last.
    const fromMs = bootMs();
    here.startHost();
    await here.untilRuns(second);
    const others = { system_state: 'up' };
    await assertClaimed(here, second, { owner: 'kube', version: '1.0.0', fromMs, others });
    await here.until('the hold names the holder', async () =>
      (await here.hold(first))['text']?.includes(second.id),
    );
    await assertNotRunning(first);

    const recorder = await here.record();
    await here.stop(second);
    const tookMs = await measureReaction(here, recorder, isRelease);
    t.diagnostic(`superseded: released to pending ${tookMs} ms`);
    await here.untilRuns(first, '2.0.0');
    assert.deepEqual(await here.hold(first), {});
  },
);

scenario(
  'a gate that ends without an answer, killed or wrongly called, does not let the application start (D2)',
  async (here) => {
    await here.startDatabaseForKube();
    // Else its agent ends it, as its gate is lost.
    const killed = await here.start('kube', { env: { CTRKIT_UNGATED: 'report' } });
    await here.until('it asks', async () => (await here.status())['remote_state'] === 'pending');
    await signalKit(killed, 'container_startup', 'KILL');
    const hasGate = (commands: readonly string[]) =>
      commands.some((command) => command.includes('load.cjs container_startup'));
    await here.until('the gate is gone', async () => !hasGate(await listCommands(killed)));
    await here.untilLogs(killed, 'the gate is lost: it was killed');
    await assertNotRunning(killed);

    const before = await here.status();
    const wronglyCalled = await here.start('local', { env: { IMAGE_VERSION: '1.0|0' } });
    await here.untilLogs(wronglyCalled, 'held: the gate ended with 64, the application is not started');
    await assertNotRunning(wronglyCalled);
    assert.deepEqual(await here.status(), before);
  },
);
