import assert from 'node:assert/strict';
import { hostScenario } from '../support/host.ts';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';

const ROUNDS = 8;

hostScenario(
  'v2 that is unhealthy and healthy by turns never becomes golden and falls back at most once (D18)',
  { policy: { active_time_to_mark_good: '5s', fail_time_to_fallback: '4s' } },
  async (here, t) => {
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    const v2 = await here.buildImage('2.0.0', { lines: MAY_BE_SICK });
    await here.setConfig({ set_owner: 'kube' });
    await here.kubelet.deploy(v2);
    await here.untilRuns('kube', '2.0.0');
    const { id } = here.kubelet;
    const hasFallen = (): boolean => here.fallbacks().length > 0;
    let rounds = 0;
    for (; rounds < ROUNDS && !hasFallen(); rounds += 1) {
      for (const status of ['unhealthy', 'healthy']) {
        await makeSick(id, status === 'unhealthy');
        await here.until(
          `v2 is ${status}`,
          async () => hasFallen() || (await here.health())['status'] === status,
        );
      }
      assert.equal(here.ledger()?.golden?.imageId, v1);
    }
    t.diagnostic(`${rounds} rounds, ${here.fallbacks().length} fallbacks`);
    if (hasFallen()) await here.untilHeld('version-blocked', '2.0.0');
    assert.ok(here.fallbacks().length <= 1);
    assert.ok(here.restarts() <= 2, 'one for the deployment, one for the fallback');
    assert.equal(here.ledger()?.golden?.imageId, v1);
  },
);
