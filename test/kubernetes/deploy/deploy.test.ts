import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { getJson, kubectl, NAMESPACE, type KubernetesObject } from '../support/cluster.ts';
import { clusterScenario, restartsOf } from '../support/cluster-switch.ts';

clusterScenario(
  'label on: deployed, agreed with the host, snmpd answers, Ready; label off: SIGTERM, and the record is released (D4, D5, D10)',
  { policy: {} },
  async (here, t) => {
    await here.buildImage('1.0.0');
    here.startDaemon();
    await here.setConfig({ set_owner: 'kube', no_fallback_to_local: 'true' });
    await here.deploy('1.0.0');
    const set = `daemonset/${here.feature}`;
    await here.until('the controller has seen it', async () => {
      const { status } = await getJson<KubernetesObject & { status: { observedGeneration?: number } }>(
        set,
        '-n',
        NAMESPACE,
      );
      return status.observedGeneration !== undefined;
    });
    assert.deepEqual(await here.pods(), [], 'nothing is deployed without the label');

    const before = performance.now();
    await here.unit('start');
    await here.untilNodeLabel('enabled', 'true');
    const pod = await here.untilReady('1.0.0');
    t.diagnostic(`from the service's start to Ready: ${Math.round(performance.now() - before)} ms`);
    const id = here.containerId(pod);
    const status = await here.status();
    assert.deepEqual(
      [status['current_owner'], status['remote_state'], status['docker_id'], status['container_version']],
      ['kube', 'running', id, '1.0.0'],
    );
    assert.equal(await here.readVersion(), '1.0.0');
    assert.equal(restartsOf(pod), 0);

    // Without the host's help: the container has to do it by itself.
    await here.stopDaemon();
    const ended = dockerOutput(['wait', id], 180_000);
    const off = performance.now();
    await kubectl(['label', 'node', here.node, `${here.feature}_enabled=false`, '--overwrite']);
    const exitCode = Number(await ended);
    const tookMs = Math.round(performance.now() - off);
    t.diagnostic(`from the label's end to the container's: ${tookMs} ms, exit code ${exitCode}`);
    assert.notEqual(exitCode, 137, 'it was not killed');
    const after = await here.status();
    assert.deepEqual(
      [after['current_owner'], after['remote_state'], after['docker_id']],
      ['none', 'stopped', ''],
    );
    await here.untilNoPod();
  },
);
