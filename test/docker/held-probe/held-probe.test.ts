import assert from 'node:assert/strict';
import type { Container } from '../../support/images.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { askAll, ProbeWatch } from '../support/probe-watch.ts';
import { signalKit } from '../support/signals.ts';
import { probe, scenario, type Switch } from '../support/switch.ts';

const WELL = { startup: 0, readiness: 0, liveness: 0 };

/** Its checks run each second. */
const start = async (here: Switch, env: Readonly<Record<string, string>> = {}): Promise<Container> =>
  here.start('kube', { env, mounts: await mountTexts(EACH_SECOND) });

async function startHeld(here: Switch, env: Readonly<Record<string, string>> = {}): Promise<Container> {
  await here.startDatabaseForKube();
  await here.config.hset('FEATURE|snmp', 'state', 'disabled');
  const container = await start(here, env);
  await here.untilHeld(container, 'feature-disabled');
  return container;
}

const untilReadiness = (here: Switch, container: Container, code: number) =>
  here.until(`readiness is ${code}`, async () => (await askAll(container)).readiness === code, 100);

async function lift(here: Switch): Promise<void> {
  await here.config.hset('FEATURE|snmp', 'state', 'enabled');
  here.startHost();
}

scenario(
  'a held container is not ready (12) and says why, is started and live, and becomes ready by itself when the hold is lifted (D7)',
  async (here) => {
    const container = await startHeld(here);
    await untilReadiness(here, container, 12);
    const watch = new ProbeWatch(container);
    // Each answer takes three processes: on a busy machine the first may come after the lift.
    await here.until('the watch has its first answer', async () => watch.answers.length > 0);
    const { text } = await here.hold(container);
    const { code, stdout } = await probe(container, 'readiness');
    assert.equal(code, 12);
    assert.equal(stdout, `not ready (12): held (feature-disabled): ${text}\n`);
    assert.match(stdout, /state is "disabled"/);
    assert.deepEqual(await here.health(), {}, 'a held container beats');

    await lift(here);
    await here.untilRuns(container);
    await untilReadiness(here, container, 0);
    await watch.end();
    assert.deepEqual(await askAll(container), WELL);
    assert.deepEqual([...new Set(watch.answers.map(({ liveness }) => liveness))], [0]);
    assert.equal(watch.kinds[0], '0/12/0');
  },
);

scenario('a held container is ready with CTRKIT_HELD_READY=1, so that a rollout goes on', async (here) => {
  const container = await startHeld(here, { CTRKIT_HELD_READY: '1' });
  await untilReadiness(here, container, 0);
  assert.deepEqual(await askAll(container), WELL);
  assert.deepEqual(await probe(container, 'readiness'), { code: 0, stdout: '' });
  assert.equal((await here.hold(container))['reason'], 'feature-disabled', 'it is not held');
});

scenario(
  'a container that waits for the host’s answer is started and live, and not ready (2)',
  async (here) => {
    await here.startDatabaseForKube();
    const container = await start(here);
    await here.until('it asks', async () => (await here.status())['remote_state'] === 'pending');
    const isWaiting = async () => (await askAll(container)).startup === 0;
    await here.until('the agent knows that it waits', isWaiting, 100);
    assert.deepEqual(await askAll(container), { startup: 0, readiness: 2, liveness: 0 });
    assert.match((await probe(container, 'readiness')).stdout, /^not ready \(2\): .*host/);
    here.startHost();
    await here.untilRuns(container);
    await untilReadiness(here, container, 0);
  },
);

scenario('a container whose gate was killed is not ready, and live: start.sh stays stopped', async (here) => {
  // Else its agent ends it, as its gate is lost.
  const container = await startHeld(here, { CTRKIT_UNGATED: 'report' });
  await untilReadiness(here, container, 12);
  const watch = new ProbeWatch(container);
  await signalKit(container, 'container_startup', 'KILL');
  await untilReadiness(here, container, 2);
  await watch.end();
  assert.deepEqual(await askAll(container), { startup: 2, readiness: 2, liveness: 0 });
  assert.deepEqual([...new Set(watch.answers.map(({ liveness }) => liveness))], [0]);
});

scenario(
  'a container that was superseded is neither ready nor live (1), and says by whom: the restart meets the gate',
  async (here) => {
    await here.startDatabaseForKube();
    const env = { CTRKIT_HEARTBEAT_INTERVAL: '1s' };
    const late = await start(here, env);
    here.startHost();
    await here.untilStatus(late, 'healthy');
    assert.deepEqual(await askAll(late), WELL);
    await signalKit(late, 'ctrkit_agent', 'STOP');
    const holder = await start(here, env);
    await here.untilRuns(holder);
    await signalKit(late, 'ctrkit_agent', 'CONT');

    await untilReadiness(here, late, 1);
    assert.deepEqual(await askAll(late), { startup: 1, readiness: 1, liveness: 1 });
    const { stdout } = await probe(late, 'liveness');
    assert.match(stdout, new RegExp(`^not live \\(1\\): superseded: .*${holder.id}`));
    await here.untilStatus(holder, 'healthy');
    assert.deepEqual(await askAll(holder), WELL);
  },
);
