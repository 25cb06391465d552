import assert from 'node:assert/strict';
import { NO_CONTROL, startParts, stopPart } from '../support/cluster.ts';
import { clusterScenario, restartsOf } from '../support/cluster-switch.ts';

const AWAY_MS = 120_000;

clusterScenario(
  'the API server is away for two minutes: nothing restarts, nothing is blamed, and what the labels missed is brought afterwards (D23)',
  {
    skip: NO_CONTROL,
    // All that could blame somebody is on, and quick.
    policy: { active_time_to_mark_good: '1h', fail_time_to_fallback: '10s' },
  },
  async (here, t) => {
    await here.startLocal('0.9.0');
    await here.buildImage('1.0.0');
    here.startDaemon();
    await here.setConfig({ set_owner: 'kube', remote_fail_detection: '10' });
    await here.deploy('1.0.0');
    const pod = await here.untilReady('1.0.0');
    await here.untilRuns('kube', '1.0.0');
    const before = await here.status();
    const restarts = here.restarts();
    const answers = async (): Promise<string | null> =>
      here.state.hget('KUBERNETES_MASTER|SERVER', 'server_reachability');
    assert.equal(await answers(), 'true');

    await stopPart('kube-apiserver');
    try {
      const backMs = performance.now() + AWAY_MS;
      await here.until('ctrkitd says so', async () => (await answers()) === 'false');
      await here.state.hset('KUBE_LABELS|SET', { rack: 'r7', [`${here.feature}_9.9.9_enabled`]: 'false' });
      await here.untilMs(backMs, async () => {
        assert.equal(await here.readVersion(), '1.0.0');
        const now = await here.status();
        assert.deepEqual(
          [now['docker_id'], now['claim_token']],
          [before['docker_id'], before['claim_token']],
        );
      });
    } finally {
      await startParts();
    }
    const upMs = performance.now();
    await here.until('the labels are there', async () => {
      const labels = await here.nodeLabels();
      return labels['rack'] === 'r7' && labels[`${here.feature}_9.9.9_enabled`] === 'false';
    });
    t.diagnostic(
      `the API server is back to the labels on the node: ${Math.round(performance.now() - upMs)} ms`,
    );
    await here.until('ctrkitd says so', async () => (await answers()) === 'true');

    const after = await here.untilReady('1.0.0');
    assert.equal(after.metadata.name, pod.metadata.name);
    assert.equal(here.containerId(after), here.containerId(pod));
    assert.equal(restartsOf(after), 0);
    assert.equal(here.restarts(), restarts, 'no service was restarted');
    assert.deepEqual(here.fallbacks(), []);
    assert.equal(here.view()?.fallback.kind, 'well');
    await here.state.hdel('KUBE_LABELS|SET', 'rack');
    await here.until(
      'a label that is wished no more goes',
      async () => !('rack' in (await here.nodeLabels())),
    );
  },
);
