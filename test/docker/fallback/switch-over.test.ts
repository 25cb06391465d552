import assert from 'node:assert/strict';
import { docker } from '../../support/docker.ts';
import { hostScenario } from '../support/host.ts';

/** The containers among these in which the application runs. */
async function findApplications(ids: readonly string[]): Promise<string[]> {
  const tops = await Promise.all(ids.map((id) => docker(['top', id, '-eo', 'pid,comm'])));
  return ids.filter((_id, i) => /\bsnmpd$/m.test(tops[i]?.stdout ?? ''));
}

hostScenario(
  'the feature goes from local to kube, to another container of kube and back to local by one restart each, one application at a time (D10, D24)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '30s' } },
  async (here, t) => {
    await here.startLocal('1.0.0');
    here.startDaemon();
    const [v2, v3] = [await here.buildImage('2.0.0'), await here.buildImage('3.0.0')];
    const ids = [here.feature];
    let most = 0;
    /** Until it runs, with an eye on every container. */
    const untilOnly = (owner: string, version: string): Promise<true> =>
      here.until(`${owner} runs version ${version}, alone`, async () => {
        const running = await findApplications(ids);
        most = Math.max(most, running.length);
        const status = await here.status();
        const health = await here.health();
        const isItself = status['claim_token'] !== '' && health['token'] === status['claim_token'];
        const isRunning = health['owner'] === owner && health['version'] === version && isItself;
        return isRunning && running.length === 1 && health['status'] === 'healthy';
      });
    await untilOnly('local', '1.0.0');

    await here.setConfig({ set_owner: 'kube' });
    ids.push(await here.kubelet.deploy(v2));
    await untilOnly('kube', '2.0.0');
    assert.equal(here.restarts(), 1, 'local to kube');

    ids.push(await here.kubelet.roll(v3));
    await untilOnly('kube', '3.0.0');
    assert.equal(here.restarts(), 2, 'kube to kube');

    await here.setConfig({ set_owner: 'local' });
    await untilOnly('local', '1.0.0');
    await here.untilHeld('owner-is-local', '3.0.0');
    assert.equal(await here.label('enabled'), 'false');
    assert.equal(here.restarts(), 3, 'kube to local');
    assert.equal(most, 1);
    assert.deepEqual(here.fallbacks(), []);
    t.diagnostic(`${here.kubelet.starts} containers of Kubernetes`);
  },
);
