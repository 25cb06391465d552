import assert from 'node:assert/strict';
import { hostScenario } from '../support/host.ts';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';

const POLICY = {
  active_time_to_mark_good: '3s',
  tag_new_as_local: 'true',
  fail_time_to_fallback: '3s',
};

hostScenario(
  'v3 that is unhealthy falls back to the golden v2, and is blocked until that is lifted: also for a daemon and a STATE_DB that start anew (D18, D20)',
  { policy: POLICY },
  async (here, t) => {
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    const [v2, v3] = [await here.buildImage('2.0.0'), await here.buildImage('3.0.0', { lines: MAY_BE_SICK })];
    await here.setConfig({ set_owner: 'kube' });
    await here.kubelet.deploy(v2);
    await here.untilGolden(v2);
    await here.until(
      'v2 is the local image',
      async () => (await here.imageOf(`${here.localRepository}:latest`)) === v2,
    );

    await here.config.hset('IMAGE_MGMT|GLOBAL', { active_time_to_mark_good: '300s' });
    await here.kubelet.deploy(v3);
    await here.untilRuns('kube', '3.0.0');
    const before = performance.now();
    await makeSick(here.kubelet.id);
    await here.untilRuns('local', '2.0.0');
    t.diagnostic(`sick to v2 as local: ${Math.round(performance.now() - before)} ms`);
    assert.deepEqual(here.fallbacks(), [{ imageId: v3, version: '3.0.0', isDone: true }]);
    assert.equal(here.ledger()?.golden?.imageId, v2);
    assert.equal((await here.status())['remote_state'], 'none');
    assert.equal(await here.label('3.0.0_enabled'), 'false');
    await here.untilHeld('version-blocked', '3.0.0');

    await here.stopDaemon();
    await here.flushState();
    here.startDaemon();
    await here.until('it is blocked again', async () => (await here.label('3.0.0_enabled')) === 'false');
    await here.unit('restart');
    await here.untilRuns('local', '2.0.0');
    await here.untilHeld('version-blocked', '3.0.0');
    assert.deepEqual(here.fallbacks(), [{ imageId: v3, version: '3.0.0', isDone: true }]);

    await here.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    const held = here.kubelet.id;
    assert.equal((await here.command('ctrkit', 'unblock', here.feature, '3.0.0')).code, 0);
    const row = await here.untilRuns('kube', '3.0.0');
    assert.ok(held.startsWith(row['docker_id'] ?? '-'), 'the container that was held goes on by itself');
    assert.deepEqual(here.fallbacks(), []);
    assert.equal(await here.label('3.0.0_enabled'), 'true');
  },
);
