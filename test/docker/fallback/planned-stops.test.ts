import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { hostScenario, type Host } from '../support/host.ts';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';

const WARM_RESTART = 'WARM_RESTART_ENABLE_TABLE|system';

/** The container that runs is unhealthy, and the daemon counts. */
async function failABit(here: Host): Promise<void> {
  await makeSick(here.kubelet.id);
  await here.until('it is failing', async () => here.view()?.fallback.kind === 'failing');
}

/** Another container of v2 than `before` runs it, and is well. Returns what the daemon thought of it until then. */
async function untilRunsAnew(here: Host, before: string): Promise<Set<string>> {
  const kinds = new Set<string>();
  await here.until('another container of v2 runs it', async () => {
    kinds.add(here.view()?.fallback.kind ?? 'none');
    const [status, health] = [await here.status(), await here.health()];
    const isItself = status['claim_token'] !== '' && health['token'] === status['claim_token'];
    const isAnother = !before.startsWith(health['docker_id'] ?? '');
    return isItself && isAnother && health['version'] === '2.0.0' && health['status'] === 'healthy';
  });
  return kinds;
}

hostScenario(
  'planned stops are no failures: of the service, for another version or owner, by a warm reboot, of the daemon (D20)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '5s' } },
  async (here) => {
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    const v2 = await here.buildImage('2.0.0', { lines: MAY_BE_SICK });
    const v3 = await here.buildImage('3.0.0', { lines: MAY_BE_SICK });
    await here.setConfig({ set_owner: 'kube' });
    let id = await here.kubelet.deploy(v2);
    await here.untilRuns('kube', '2.0.0');
    const assertNone = (what: string): void =>
      assert.deepEqual([here.fallbacks(), here.daemonLog().includes('falling back')], [[], false], what);

    await failABit(here);
    await here.unit('stop');
    await here.unit('start');
    await untilRunsAnew(here, id);
    assertNone('the service was stopped while it failed');

    ({ id } = here.kubelet);
    await here.state.hset(WARM_RESTART, { enable: 'true' });
    await dockerOutput(['kill', id]);
    const kinds = await untilRunsAnew(here, id);
    await here.state.hset(WARM_RESTART, { enable: 'false' });
    assert.deepEqual([...kinds], ['well'], 'an end during a warm reboot is no failure');

    ({ id } = here.kubelet);
    await failABit(here);
    await here.stopDaemon();
    await dockerOutput(['kill', id]);
    await untilRunsAnew(here, id);
    here.startDaemon();
    await here.until('the daemon is back', async () => here.view()?.fallback.kind === 'well');
    assertNone('it ended while the daemon was away');

    await here.kubelet.deploy(v3);
    await here.untilRuns('kube', '3.0.0');
    assertNone('kubelet has ended it for another version');

    await failABit(here);
    await here.setConfig({ set_owner: 'local' });
    await here.untilRuns('local', '1.0.0');
    await here.untilHeld('owner-is-local', '3.0.0');
    assertNone('it was given to local while it failed');
    assert.equal(await here.label('3.0.0_enabled'), null);
  },
);
