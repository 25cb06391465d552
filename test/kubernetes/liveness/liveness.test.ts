import assert from 'node:assert/strict';
import { signalApplication } from '../../docker/support/signals.ts';
import { clusterScenario, isReady, restartsOf } from '../support/cluster-switch.ts';

clusterScenario(
  'snmpd hangs: kubelet restarts the container, it comes back by itself, and what it had earned is gone (D13, D18)',
  // Longer than what comes before the hang may take.
  { policy: { active_time_to_mark_good: '1h' } },
  async (here, t) => {
    await here.buildImage('1.0.0');
    here.startDaemon();
    await here.setConfig({ set_owner: 'kube' });
    await here.deploy('1.0.0');
    await here.unit('start');
    const pod = await here.untilReady('1.0.0');
    const id = here.containerId(pod);
    const first = await here.until('it counts', async () => {
      const certification = here.view()?.certification as { kind: string; fromMs?: number } | undefined;
      return certification?.kind === 'counting' && certification;
    });

    const before = performance.now();
    await signalApplication({ id, name: id }, 'snmp', 'STOP');
    const isNotReady = (): Promise<unknown> => here.untilPod('is not Ready', '1.0.0', (one) => !isReady(one));
    await isNotReady();
    t.diagnostic(`hung to not Ready: ${Math.round(performance.now() - before)} ms`);
    const restarted = await here.untilPod(
      'was restarted and is Ready',
      '1.0.0',
      (one) => restartsOf(one) === 1 && isReady(one),
    );
    t.diagnostic(`hung to Ready again: ${Math.round(performance.now() - before)} ms`);
    assert.equal(
      restarted.metadata.name,
      pod.metadata.name,
      'the container was restarted, not the pod replaced',
    );
    assert.notEqual(here.containerId(restarted), id);
    assert.equal(await here.readVersion(), '1.0.0');
    assert.equal((await here.status())['docker_id'], here.containerId(restarted));

    const second = await here.until('it counts anew', async () => {
      const certification = here.view()?.certification as { kind: string; fromMs?: number } | undefined;
      return certification?.kind === 'counting' && certification.fromMs !== first.fromMs && certification;
    });
    assert.ok((second.fromMs ?? 0) > (first.fromMs ?? 0));
    assert.deepEqual(here.fallbacks(), []);
  },
);
