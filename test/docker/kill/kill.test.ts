import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { readSnmpVersion } from '../../support/application-version.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning } from '../support/assertions.ts';
import { isClaim, isPending, type Recorder, type Write } from '../support/recorder.ts';
import { kill, scenario, type Switch } from '../support/switch.ts';

const INTERVAL_MS = 2_000;
const env = { CTRKIT_HEARTBEAT_INTERVAL: '2s' };
/** Of /proc/uptime, which is what the kit and this test tell the boot clock from. */
const CLOCK_STEP_MS = 20;

const untilBeats = (here: Switch, container: Container) =>
  here.until('a heartbeat of the holder', async () => (await here.health())['docker_id'] === container.id);

/** Kills the holder; returns when, on the boot clock, its last heartbeat is overdue. */
async function killHolder(here: Switch, holder: Container): Promise<number> {
  const status = await here.status();
  await kill(holder);
  assert.deepEqual(await here.status(), status, 'the killed container has changed its record');
  const beat = await here.health();
  assert.deepEqual([beat['docker_id'], beat['interval_ms']], [holder.id, String(INTERVAL_MS)]);
  return Number(beat['beat_ms']) + 3 * INTERVAL_MS;
}

/** What is seen after that instant, on a machine that takes its time, says nothing. */
async function assertNotRunningBefore(dueMs: number, container: Container): Promise<void> {
  await assertNotRunning(container).catch((error: unknown) => {
    if (bootMs() < dueMs) throw error;
  });
}

/** Once a write of that kind is there: that it came no sooner than due. */
async function assertDue(
  t: TestContext,
  what: string,
  by: {
    readonly here: Switch;
    readonly recorder: Recorder;
    readonly dueMs: number;
    readonly isIt: (write: Write) => boolean;
  },
): Promise<void> {
  const { here, recorder, dueMs, isIt } = by;
  const write = await here.until(what, async () => recorder.statusWrites.find(isIt));
  const lateMs = Math.round(write.atMs - (Date.now() - bootMs()) - dueMs);
  t.diagnostic(`${what}: ${lateMs} ms after the heartbeat was overdue`);
  assert.ok(lateMs >= -CLOCK_STEP_MS, `${-lateMs} ms too soon`);
}

scenario(
  'a container killed with a higher version holds a lower one until its heartbeat is overdue, and no longer (D1, D10)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const holder = await here.startRunning('2.0.0', env);
    await untilBeats(here, holder);
    const next = await here.start('kube', { env });
    await here.untilHeld(next, 'higher-version-running');
    const recorder = await here.record();
    const fromMs = bootMs();
    const dueMs = await killHolder(here, holder);
    await assertNotRunningBefore(dueMs, next);

    await assertDue(t, 'lower version asks', { here, recorder, dueMs, isIt: isPending });
    await here.untilRuns(next);
    const others = { system_state: 'up' };
    await assertClaimed(here, next, { owner: 'kube', version: '1.0.0', fromMs, others });
  },
);

scenario(
  'a container killed with the same version lets the next one in when its heartbeat is overdue, not before (D5, D10)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const holder = await here.startRunning('1.0.0', env);
    await untilBeats(here, holder);
    const recorder = await here.record();
    const fromMs = bootMs();
    const dueMs = await killHolder(here, holder);
    const next = await here.start('kube', { env });
    await here.until('the host is ready', async () => (await here.status())['remote_state'] === 'ready');
    await assertNotRunningBefore(dueMs, next);

    await assertDue(t, 'same version claims', { here, recorder, dueMs, isIt: isClaim });
    const others = { system_state: 'up' };
    await assertClaimed(here, next, { owner: 'kube', version: '1.0.0', fromMs, others });
    await here.untilAnswers(next);
  },
);

scenario(
  'a killed local container leaves its record behind, and it keeps kube out until it is overdue, not for ever (D10)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const holder = await here.start('local', { tag: '2.0.0', env });
    await here.untilRuns(holder, '2.0.0');
    await untilBeats(here, holder);
    const recorder = await here.record();
    const next = await here.start('kube', { env });
    await here.untilHeld(next, 'higher-version-running');
    here.startHost();
    const dueMs = await killHolder(here, holder);
    await assertDue(t, 'kube asks after local', { here, recorder, dueMs, isIt: isPending });
    await here.untilRuns(next);
    assert.equal(await readSnmpVersion(next), '1.0.0');
  },
);
