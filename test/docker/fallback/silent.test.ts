import assert from 'node:assert/strict';
import { docker } from '../../support/docker.ts';
import { hostScenario } from '../support/host.ts';

hostScenario(
  'v2 whose agent is silent while its container runs falls back (D18)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '3s' } },
  async (here) => {
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    const v2 = await here.buildImage('2.0.0');
    await here.setConfig({ set_owner: 'kube' });
    const id = await here.kubelet.deploy(v2);
    await here.untilRuns('kube', '2.0.0');
    const stop = await docker(['exec', id, 'supervisorctl', 'signal', 'STOP', 'ctrkit_agent']);
    assert.equal(stop.code, 0, stop.stderr);
    await here.untilRuns('local', '1.0.0');
    await here.untilHeld('version-blocked', '2.0.0');
    assert.deepEqual(here.fallbacks(), [{ imageId: v2, version: '2.0.0', isDone: true }]);
    assert.match(
      here.daemonLog(),
      /falling back to local, version 1\.0\.0 \(\S+\): the heartbeat of image \S+ is overdue/,
    );
  },
);

hostScenario(
  'what Kubernetes does not deploy runs as local after its time, if the master is connected: no image is blamed (D20)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '3s' } },
  async (here) => {
    const v1 = await here.startLocal('1.0.0');
    await here.setConfig({ set_owner: 'kube' });
    here.startDaemon();
    await here.untilGolden(v1);
    await here.kubelet.deploy(await here.buildImage('2.0.0'));
    await here.untilRuns('kube', '2.0.0');
    const starts = (): number => here.unitLog().filter((line) => line.endsWith('started (0)')).length;
    const startsBefore = starts();
    await here.kubelet.stop();
    await here.until('the service has started again, for Kubernetes', async () => starts() > startsBefore);
    await here.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'false' });
    await here.setConfig({ remote_fail_detection: '3' });
    const since = performance.now();
    await here.until('that is longer than the limit', async () => performance.now() - since > 4_000);
    assert.equal((await here.status())['current_owner'], 'none');
    assert.match(here.view()?.fallback.text ?? '', /the master is out of reach/);
    const before = here.restarts();

    await here.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    await here.untilRuns('local', '1.0.0');
    assert.equal((await here.status())['remote_state'], 'none');
    assert.equal(here.restarts(), before + 1);
    assert.deepEqual(here.fallbacks(), []);
    assert.equal(await here.label('2.0.0_enabled'), null);
    assert.equal(await here.label('enabled'), 'true', 'Kubernetes may still deploy it');
  },
);
