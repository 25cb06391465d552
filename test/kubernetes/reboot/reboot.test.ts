import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { docker } from '../../support/docker.ts';
import { NO_CONTROL, startParts, stopPart } from '../support/cluster.ts';
import { clusterScenario, isReady, restartsOf, type ClusterSwitch } from '../support/cluster-switch.ts';

async function deployed(here: ClusterSwitch): Promise<string> {
  await here.startLocal('0.9.0');
  await here.buildImage('1.0.0');
  here.startDaemon();
  await here.setConfig({ set_owner: 'kube' });
  await here.deploy('1.0.0');
  const pod = await here.untilReady('1.0.0');
  await here.untilRuns('kube', '1.0.0');
  return here.containerId(pod);
}

clusterScenario(
  'kubelet is killed and comes back: the container goes on, and nobody notices',
  { skip: NO_CONTROL, policy: {} },
  async (here) => {
    const id = await deployed(here);
    const { claim_token: token } = await here.status();
    await stopPart('kubelet', 'SIGKILL');
    await startParts();
    const pod = await here.untilReady('1.0.0');
    assert.equal(here.containerId(pod), id);
    assert.equal(restartsOf(pod), 0);
    assert.equal((await here.status())['claim_token'], token);
    assert.equal(await here.readVersion(), '1.0.0');
  },
);

/** All that ran on the switch ends at once, and kubelet is what comes back first. */
async function cutPower(here: ClusterSwitch): Promise<void> {
  await stopPart('kubelet', 'SIGKILL');
  await here.stopDaemon('SIGKILL');
  await here.killUnit();
  const running = await docker(['ps', '-q', '--filter', `name=${here.feature}`]);
  const ids = running.stdout.split('\n').filter((line) => line !== '');
  assert.ok(ids.length > 0);
  await docker(['kill', ...ids]);
}

/** The rows that are left say another boot: the way it looks from the boot after. */
async function ageRows(here: ClusterSwitch): Promise<void> {
  const bootId = randomUUID();
  await here.state.hset(`FEATURE|${here.feature}`, { claim_boot_id: bootId });
  await here.state.hset(`CONTAINER_HEALTH|${here.feature}`, { boot_id: bootId });
}

for (const { title, change } of [
  { title: 'a cold reboot, which empties STATE_DB', change: (here: ClusterSwitch) => here.flushState() },
  { title: 'a warm reboot, which keeps the rows of the boot before', change: ageRows },
]) {
  clusterScenario(
    `${title}: the pod is held until the service is started, then one of both runs, and Kubernetes in the end (D3, D6)`,
    { skip: NO_CONTROL, policy: {} },
    async (here) => {
      await deployed(here);
      await cutPower(here);
      await change(here);
      await here.state.hset(`FEATURE|${here.feature}`, { system_state: '' });
      await startParts();
      await here.untilHeld('system-not-up', '1.0.0');
      assert.equal(await here.readVersion(), undefined);
      assert.deepEqual(here.fallbacks(), []);

      const watch = here.watchApplications();
      here.startDaemon();
      await here.unit('start');
      await here.untilRuns('kube', '1.0.0');
      await here.untilPod('is Ready', '1.0.0', isReady);
      watch.stop();
      assert.equal(watch.most, 1, 'twice at one instant');
      assert.equal(await here.readVersion(), '1.0.0');
    },
  );
}
