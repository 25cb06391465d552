import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dockerOutput } from '../../support/docker.ts';
import { NO_CONTROL, STATIC_PODS } from '../support/cluster.ts';
import { clusterScenario, isReady, restartsOf } from '../support/cluster-switch.ts';

clusterScenario(
  'a static pod, which kubelet starts without any cluster: agreed with the host, Ready; its file goes, and the record is released',
  { skip: NO_CONTROL, policy: {} },
  async (here) => {
    await here.buildImage('1.0.0');
    here.startDaemon();
    await here.setConfig({ set_owner: 'kube', no_fallback_to_local: 'true' });
    await here.unit('start');
    const text = await here.manifest('1.0.0', `${here.remoteRepository}:1.0.0`, '--static-pod');
    const file = `${STATIC_PODS}/${here.feature}.yaml`;
    writeFileSync(file, text);
    try {
      const pod = await here.untilPod('is Ready', '1.0.0', isReady);
      const id = here.containerId(pod);
      const status = await here.status();
      assert.deepEqual([status['current_owner'], status['docker_id']], ['kube', id]);
      assert.equal(await here.readVersion(), '1.0.0');
      assert.equal(restartsOf(pod), 0);

      const ended = dockerOutput(['wait', id], 60_000);
      rmSync(file);
      assert.notEqual(Number(await ended), 137, 'it was not killed');
      await here.until(
        'its record is released',
        async () => (await here.status())['current_owner'] === 'none',
      );
      await here.untilNoPod();
    } finally {
      rmSync(file, { force: true });
    }
  },
);
