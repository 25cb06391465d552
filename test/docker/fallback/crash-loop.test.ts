import assert from 'node:assert/strict';
import { hostScenario, type Host } from '../support/host.ts';
import { CRASHES, NEVER_UP } from '../support/failing-images.ts';

/** Deploys v2, which fails as `lines` have it, over a golden local v1, and waits for the fallback. */
async function fallBackFrom(here: Host, lines: string): Promise<void> {
  const v1 = await here.startLocal('1.0.0');
  here.startDaemon();
  await here.untilGolden(v1);
  const v2 = await here.buildImage('2.0.0', { lines });
  await here.setConfig({ set_owner: 'kube' });
  await here.kubelet.deploy(v2);
  await here.until('it has fallen back', async () => here.fallbacks().some(({ isDone }) => isDone));
  await here.untilRuns('local', '1.0.0');
  await here.untilHeld('version-blocked', '2.0.0');
  assert.deepEqual(here.fallbacks(), [{ imageId: v2, version: '2.0.0', isDone: true }]);
  assert.equal(here.ledger()?.golden?.imageId, v1);
  assert.equal(await here.label('2.0.0_enabled'), 'false');
}

hostScenario(
  'v2 whose critical process crashes soon after each start falls back once, and is blocked (D18, D20)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '4s' } },
  async (here, t) => {
    await fallBackFrom(here, CRASHES);
    t.diagnostic(`${here.kubelet.starts} starts of v2, ${here.restarts()} restarts asked for`);
  },
);

hostScenario(
  'v2 whose critical process never comes up falls back once, also where systemd has given its unit up (D18, D20)',
  {
    policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '10s' },
    env: { UNIT_START_LIMIT: '1' },
  },
  async (here, t) => {
    await fallBackFrom(here, NEVER_UP);
    assert.ok(here.unitLog().some((line) => line.includes('started too often')));
    t.diagnostic(`${here.kubelet.starts} starts of v2, ${here.restarts()} restarts asked for`);
  },
);
