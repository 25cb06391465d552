import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { hostScenario } from '../support/host.ts';

const POLICY = {
  active_time_to_mark_good: '4s',
  tag_new_as_local: 'true',
  purge_older_image: 'true',
};

hostScenario(
  'v2 deployed over local v1 becomes golden after its healthy time: tagged, previous kept, older gone, others untouched (D17, D18)',
  { policy: POLICY },
  async (here, t) => {
    const v0 = await here.buildImage('0.9.0');
    const unrelated = `registry.test:5000/ctrkit-test-${process.pid}/${here.feature}-watchdog:0.1.0`;
    await dockerOutput(['tag', await here.buildImage('0.1.0', { name: unrelated }), unrelated]);
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    assert.equal(here.ledger()?.golden?.source, 'shipped');

    const v2 = await here.buildImage('2.0.0');
    await here.setConfig({ set_owner: 'kube' });
    const before = performance.now();
    await here.kubelet.deploy(v2);
    await here.untilRuns('kube', '2.0.0');
    t.diagnostic(`deployed to healthy: ${Math.round(performance.now() - before)} ms`);
    await here.untilGolden(v2);
    t.diagnostic(`deployed to golden: ${Math.round(performance.now() - before)} ms`);
    await here.until(
      'v2 is the local image',
      async () => (await here.imageOf(`${here.localRepository}:latest`)) === v2,
    );
    await here.until('the older one is gone', async () => !(await here.hasImage(v0)));
    assert.ok(await here.hasImage(v1), 'the previous golden image is kept');
    assert.ok(await here.imageOf(unrelated));
    const status = await here.status();
    assert.deepEqual(
      [status['container_stable_version'], status['container_last_version']],
      ['2.0.0', '1.0.0'],
    );
  },
);
