import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { hostScenario, type Host } from '../support/host.ts';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';

const untilExplained = (here: Host, what: RegExp): Promise<true> =>
  here.until(`ctrkit explain says ${what.source}`, async () => {
    const { code, stdout, stderr } = await here.command('ctrkit', 'explain', here.feature);
    assert.equal(code, 0, stderr);
    return what.test(stdout.replaceAll(/\s+/g, ' '));
  });

hostScenario(
  'a fallback is refused by no_fallback_to_local, by an operator’s lock and for want of a local image that is good; without them it happens (D20)',
  { policy: { active_time_to_mark_good: '300s', fail_time_to_fallback: '2s' } },
  async (here) => {
    const local = `${here.localRepository}:latest`;
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    await here.untilGolden(v1);
    const v2 = await here.buildImage('2.0.0', { lines: MAY_BE_SICK });
    await here.setConfig({ set_owner: 'kube' });
    await here.kubelet.deploy(v2);
    await here.untilRuns('kube', '2.0.0');
    const before = here.restarts();

    await here.setConfig({ no_fallback_to_local: 'true' });
    await makeSick(here.kubelet.id);
    await untilExplained(
      here,
      /it fails \(unhealthy\), but does not fall back: .* no_fallback_to_local is true/,
    );

    const lock = await here.command(
      'ctrkit',
      'lock',
      'add',
      here.feature,
      '--reason',
      'debugging it',
      '--for',
      '2h',
    );
    assert.equal(lock.code, 0, lock.stderr);
    await here.setConfig({ no_fallback_to_local: 'false' });
    await untilExplained(here, /it fails \(unhealthy\), but does not fall back: locked by .*debugging it/);

    const block = await here.command('ctrkit', 'block', here.feature, '1.0.0', '--reason', 'it is bad too');
    assert.equal(block.code, 0, block.stderr);
    // A name that is gone is given back, so it keeps nobody from falling back.
    await dockerOutput(['rmi', local]);
    assert.equal((await here.command('ctrkit', 'lock', 'rm', here.feature)).code, 0);
    await untilExplained(
      here,
      /it fails \(unhealthy\), but does not fall back: .*version 1\.0\.0 .* is blocked/,
    );
    assert.deepEqual([here.fallbacks(), here.restarts()], [[], before]);

    assert.equal((await here.command('ctrkit', 'unblock', here.feature, '1.0.0')).code, 0);
    await here.untilRuns('local', '1.0.0');
    assert.deepEqual(here.fallbacks(), [{ imageId: v2, version: '2.0.0', isDone: true }]);
    await untilExplained(here, /fell back from version 2\.0\.0/);
  },
);
