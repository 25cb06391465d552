import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';
import { hostScenario, type Host } from '../support/host.ts';
import { dumpAll } from './read-only-account.ts';
import { ShippedDaemon } from './shipped-daemon.ts';
import { listWorld, Watched } from './untouched.ts';

const POLICY = {
  active_time_to_mark_good: '5s',
  fail_time_to_fallback: '2s',
  tag_new_as_local: 'true',
  purge_older_image: 'true',
};

const untilLogged = (here: Host, what: RegExp): Promise<true> =>
  here.until(`the log says ${what.source}`, async () => what.test(here.daemonLog()));

const short = (imageId: string): string => imageId.slice('sha256:'.length).slice(0, 12);

const quiet: Record<string, string> = {};
hostScenario(
  'a shadow says what it would do, adopt, write, release and restart, and not one key, image, container or file is another after it',
  { policy: POLICY, env: quiet },
  async (here) => {
    const v1 = await here.buildImage('1.0.0', { name: `${here.localRepository}:latest` });
    // The service waits for Kubernetes, which the operator has left; who ran the feature died without a word.
    await here.state.hset(`FEATURE|${here.feature}`, {
      system_state: 'up',
      remote_state: 'pending',
      current_owner: 'kube',
      docker_id: '0123456789ab',
      container_id: '0123456789ab',
      container_version: '0.9.0',
      claim_token: 'gone',
      claim_boot_id: 'another-boot',
      claim_ms: '1',
    });
    const watched = await Watched.start(here, quiet);
    const before = { rows: await dumpAll(here.state), world: await listWorld(here) };
    const shadow = here.startDaemon('--shadow');
    for (const what of [
      new RegExp(`would have: recorded the switch's own image ${short(v1)} as the shipped one`),
      /would have: written container_stable_version=/,
      /would have: .*0123456789ab/,
      /would have: restarted the service: set_owner is local/,
    ])
      await untilLogged(here, what);
    assert.ok(existsSync(`${here.directory}/run/shadow/ctrkitd.json`));
    const ended = once(shadow, 'exit');
    await here.stopDaemon();
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual({ rows: await dumpAll(here.state), world: await listWorld(here) }, before);
    await watched.assertUntouched();

    // The same watch on the daemon itself, so that it is known to see what is to be seen.
    here.startDaemon();
    await here.until('writes and a restart are noticed', async () => {
      const text = (await watched.touches()).join('\n');
      return (
        /hset in lua/.test(text) && text.includes(`restarted-${here.feature}`) && text.includes(here.stateDir)
      );
    });
    watched.stop();
  },
);

const busy: Record<string, string> = {};
hostScenario(
  'beside the shipped daemon, which restarts, tags, writes and removes, a shadow touches nothing and tells every difference (D17, D18)',
  { policy: POLICY, env: busy },
  async (here) => {
    const shipped = new ShippedDaemon(here);
    const v1 = await here.startLocal('1.0.0');
    const [v2, v3] = [await here.buildImage('2.0.0', { lines: MAY_BE_SICK }), await here.buildImage('3.0.0')];
    const watched = await Watched.start(here, busy);
    here.startDaemon('--shadow');
    await untilLogged(here, /would have: recorded the switch's own image/);
    shipped.start();
    try {
      await here.setConfig({ set_owner: 'kube' });
      await here.kubelet.deploy(v2);
      await untilLogged(
        here,
        /would have: restarted the service: a container of Kubernetes asks to take over/,
      );
      await untilLogged(here, /its service was stopped \(system_state is down\)/);
      await here.untilRuns('kube', '2.0.0');
      await makeSick(here.kubelet.id);
      await untilLogged(
        here,
        /would have: fallen back to local, version 1\.0\.0, and blocked version 2\.0\.0: .*failing time/,
      );
      await untilLogged(here, /difference: ctrkit would fall back to local; the shipped side has not so far/);
      await shipped.endOfTimer();
      await untilLogged(
        here,
        /difference: the shipped daemon counts version 2\.0\.0 as stable; ctrkit has version 1\.0\.0 golden/,
      );
      await untilLogged(
        here,
        new RegExp(
          `difference: ${here.localRepository}:latest is image ${short(v2)} now; ctrkit would not have`,
        ),
      );

      await here.kubelet.deploy(v3);
      await here.untilRuns('kube', '3.0.0');
      await untilLogged(
        here,
        /difference: ctrkit would have version 3\.0\.0 golden; the shipped daemon counts/,
      );
      await shipped.endOfTimer();
      await untilLogged(here, /the shipped daemon counts version 3\.0\.0 as stable, and so would ctrkit/);
      await untilLogged(here, new RegExp(`:latest is image ${short(v3)} now, which is the golden one`));
      await shipped.remove(v1);
      await untilLogged(
        here,
        new RegExp(
          `difference: image ${short(v1)}, version 1\\.0\\.0, is removed; ctrkit would have kept it`,
        ),
      );

      await here.kubelet.stop();
      await here.until('v3 is released', async () => (await here.status())['remote_state'] === 'stopped');
      await shipped.giveUp();
      await untilLogged(
        here,
        /difference: the shipped side gave up on Kubernetes .*; ctrkit would not have: .*kube_failure_detection is 0/,
      );
    } finally {
      await shipped.stop();
    }
    await here.stopDaemon();
    await watched.assertUntouched();
    watched.stop();
    assert.equal(await here.label('2.0.0_enabled'), null);
    assert.doesNotMatch(
      here.daemonLog(),
      /blocked version 2\.0\.0 again|would fall back to local, but image/,
    );
  },
);
