import assert from 'node:assert/strict';
import { MAY_BE_SICK, NEVER_UP } from '../../docker/support/failing-images.ts';
import { clusterScenario, isReady } from '../support/cluster-switch.ts';
import { Fleet } from '../support/fleet.ts';

const GOLDEN_AFTER_S = 6;
const OTHERS = 2;
const STANDS_MS = 15_000;

clusterScenario(
  'a rolling update to a good version becomes golden, and the node says so; a bad one stops at the batch, falls back, and is undone without a hold that stays (D1, D18)',
  { policy: { active_time_to_mark_good: `${GOLDEN_AFTER_S}s`, fail_time_to_fallback: '5s' } },
  async (here, t) => {
    const fleet = new Fleet(OTHERS, () => true);
    const words = ['--batch', '1', '--time-to-golden', `${GOLDEN_AFTER_S}s`];
    await here.startLocal('0.9.0');
    for (const [version, lines] of [
      ['1.0.0', MAY_BE_SICK],
      ['2.0.0', ''],
      ['3.0.0', NEVER_UP],
    ] as const)
      await here.buildImage(version, { lines });
    here.startDaemon();
    try {
      await fleet.join({ [`${here.feature}_enabled`]: 'true' });
      await here.setConfig({ set_owner: 'kube' });
      await here.deploy('1.0.0', ...words);
      await here.untilReady('1.0.0');
      await here.untilNodeLabel('golden', '1.0.0');
      await fleet.untilAll('1.0.0');

      const before = performance.now();
      await here.deploy('2.0.0', ...words);
      await here.untilReady('2.0.0');
      await here.untilNodeLabel('golden', '2.0.0');
      t.diagnostic(`update of one of three switches to golden: ${Math.round(performance.now() - before)} ms`);
      await here.rollout('status', '--timeout=240s');
      await fleet.untilAll('2.0.0');

      // The real switch goes first: its pod has just started, and the controller replaces those that are not available.
      await here.replacePod('2.0.0');
      await here.deploy('3.0.0', ...words);
      await here.untilPod('is deployed', '3.0.0', () => true);
      await here.until('it fell back', async () =>
        here.fallbacks().some(({ version }) => version === '3.0.0'),
      );
      await here.untilRuns('local', '0.9.0');
      await here.untilNodeLabel('failed', '3.0.0');
      await here.untilHeld('version-blocked', '3.0.0');
      // A block on the node itself would have the rollout go on.
      assert.equal((await here.nodeLabels())[`${here.feature}_3.0.0_enabled`], undefined);
      const held = await here.untilPod('stays', '3.0.0', ({ status }) => status.phase === 'Running');
      assert.equal(isReady(held), false);
      // It would be Ready there, and the controller looks at once: a rollout that went on would be seen.
      await here.untilMs(performance.now() + STANDS_MS, async () => {
        const images = [...(await fleet.images()).values()];
        assert.ok(
          images.every((image) => image.endsWith(':2.0.0')),
          `it went on beyond the batch: ${images.join(', ')}`,
        );
      });

      await here.rollout('undo');
      await here.untilPod('is Ready', '2.0.0', isReady);
      await here.untilRuns('kube', '2.0.0');
      await fleet.untilAll('2.0.0');
      await here.rollout('status', '--timeout=240s');
      // The row of the pod that is gone expires; nobody renews it.
      for (const key of await here.state.keys(`CONTAINER_HOLD|${here.feature}|*`))
        assert.equal(await here.state.hget(key, 'version'), '3.0.0');
      await here.untilNodeLabel('golden', '2.0.0');
      assert.equal(await here.readVersion(), '2.0.0');
    } finally {
      await fleet.leave();
    }
  },
);
