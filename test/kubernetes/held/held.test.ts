import assert from 'node:assert/strict';
import { clusterScenario, isReady, restartsOf, type ClusterSwitch } from '../support/cluster-switch.ts';
import type { Pod } from '../support/cluster.ts';

/** Longer than kubelet's patience with any probe of the manifest. */
const HELD_MS = 45_000;

/** A pod that is there because Kubernetes still believes in it: the service was stopped. */
async function holdPod(here: ClusterSwitch, ...words: string[]): Promise<Pod> {
  await here.buildImage('1.0.0');
  here.startDaemon();
  await here.setConfig({ set_owner: 'kube', no_fallback_to_local: 'true' });
  await here.state.hset('KUBE_LABELS|SET', { [`${here.feature}_enabled`]: 'true' });
  await here.state.hset(`FEATURE|${here.feature}`, { system_state: 'down' });
  await here.deploy('1.0.0', ...words);
  await here.untilHeld('system-not-up', '1.0.0');
  return here.untilPod('runs', '1.0.0', ({ status }) => status.phase === 'Running');
}

clusterScenario(
  'a held pod is live, not Ready and never restarted; lifted, it becomes Ready by itself (D7, D13)',
  { policy: {} },
  async (here) => {
    const pod = await holdPod(here);
    const id = here.containerId(pod);
    const untilMs = performance.now() + HELD_MS;
    await here.until(
      'it was held for longer than any probe has patience',
      async () => {
        const now = await here.pod();
        assert.ok(now);
        assert.equal(restartsOf(now), 0, 'it was restarted');
        assert.equal(isReady(now), false, 'it is Ready');
        assert.equal(await here.readVersion(), undefined, 'the application runs');
        return performance.now() > untilMs;
      },
      500,
    );
    assert.equal(here.containerId((await here.pod()) ?? pod), id);

    await here.unit('start');
    const lifted = await here.untilReady('1.0.0');
    assert.equal(here.containerId(lifted), id, 'the very container that was held');
    assert.equal(restartsOf(lifted), 0);
    assert.equal(await here.readVersion(), '1.0.0');
  },
);

clusterScenario(
  'with CTRKIT_HELD_READY=1 a held pod is Ready, so that it does not stop a rolling update',
  { policy: {} },
  async (here) => {
    const pod = await holdPod(here, '--env', 'CTRKIT_HELD_READY=1');
    const ready = await here.untilReady('1.0.0');
    assert.equal(here.containerId(ready), here.containerId(pod));
    assert.equal(await here.readVersion(), undefined, 'the application runs');
    await here.untilHeld('system-not-up', '1.0.0');
  },
);
