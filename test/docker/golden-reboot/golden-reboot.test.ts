import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { docker, dockerOutput } from '../../support/docker.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { hostScenario } from '../support/host.ts';
import { makeTinyImage, removeTinyImages } from '../support/stand-in-pod.ts';
import { EngineProxy } from './engine-proxy.ts';
import { InterruptedCertification, NEEDED_MS, POLICY } from './interrupted.ts';

/** Of Debian's package libfaketime. */
const FAKETIME = process.env['LIBFAKETIME'] ?? '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

const proxy = new EngineProxy();

after(async () => {
  proxy.remove();
  await removeTinyImages();
});

hostScenario(
  'a reboot during a certification: it starts anew, golden and previous are kept, blocks stand again (D18)',
  {
    policy: { ...POLICY, fail_time_to_fallback: '500ms' },
    env: { CTRKIT_RESTART_COMMAND: 'true {feature}' },
  },
  async (here) => {
    const scene = new InterruptedCertification(here);
    const { pod } = scene;
    await scene.begin();
    const bad = await makeTinyImage('1.5.0', [`${here.remoteRepository}:1.5.0`]);
    pod.ailment = { status: 'unhealthy', reason: 'it is broken', healthy_since_ms: '' };
    await pod.deploy(bad, '1.5.0');
    await here.until('version 1.5.0 is blocked', async () => (await here.label('1.5.0_enabled')) === 'false');
    pod.ailment = {};
    await scene.deploy();

    await here.stopDaemon('SIGKILL');
    await pod.remove();
    await here.flushState();
    pod.bootId = randomUUID();
    writeFileSync(`${here.directory}/boot_id`, `${pod.bootId}\n`);
    const mount = `mount --bind ${here.directory}/boot_id /proc/sys/kernel/random/boot_id`;
    here.daemonPrefix = ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, 'sh'];
    const rebootedMs = bootMs();
    here.startDaemon();
    await here.until('the block stands again', async () => (await here.label('1.5.0_enabled')) === 'false');
    await here.until(
      'the golden version is told again',
      async () => (await here.status())['container_stable_version'] === '1.0.0',
    );
    await scene.assertUntouched();
    await scene.deploy();
    assert.ok((await scene.untilCounting()) >= rebootedMs);
    await scene.assertGoldenAfterFullTime(pod.claimedMs);
    assert.equal(await here.label('1.5.0_enabled'), 'false');
    pod.stopBeating();
  },
);

hostScenario(
  'a heartbeat of another boot that STATE_DB kept earns nothing (D18)',
  { policy: POLICY },
  async (here) => {
    const scene = new InterruptedCertification(here);
    await scene.begin();
    scene.pod.bootId = randomUUID();
    await scene.pod.deploy(scene.v2, '2.0.0');
    await here.until('it says why', async () => here.view()?.certification.text.includes('another boot'));
    await scene.assertUntouched();
    scene.pod.stopBeating();
  },
);

hostScenario(
  'a database that is killed and comes back empty during a certification: it starts anew (D18)',
  { policy: POLICY },
  async (here) => {
    const scene = new InterruptedCertification(here);
    await scene.begin();
    await scene.deploy();
    await dockerOutput(['kill', '-s', 'KILL', here.database.id]);
    await here.until('it says so', async () => here.daemonLog().includes('nothing is decided meanwhile'));
    await scene.assertUntouched();
    await dockerOutput(['start', here.database.id]);
    await here.until('it answers', async () => (await here.state.ping()) === 'PONG');
    await here.config.hset('IMAGE_MGMT|GLOBAL', POLICY);
    await here.setConfig({ state: 'enabled', set_owner: 'kube' });
    await here.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    // As the agent does when it finds its record gone.
    await scene.pod.claim();
    await scene.untilCounting();
    await scene.assertGoldenAfterFullTime(scene.pod.claimedMs);
    scene.pod.stopBeating();
  },
);

hostScenario(
  'an engine out of reach: nothing is certified, reaped or removed meanwhile, and all goes on afterwards (D10, D18)',
  { policy: POLICY, env: { DOCKER_HOST: `unix://${proxy.path}` } },
  async (here) => {
    await proxy.open();
    try {
      const scene = new InterruptedCertification(here);
      await scene.begin();
      await scene.deploy();
      await proxy.close();
      const closedMs = bootMs();
      await here.until('it says so', async () => here.daemonLog().includes('nothing is certified'));
      await here.until('it would have been golden', async () => bootMs() - closedMs > 2 * NEEDED_MS);
      await scene.assertUntouched();
      await proxy.open();
      // The gap neither adds to what was earned before nor takes from it.
      const earnedMs = closedMs - scene.pod.claimedMs;
      await scene.assertGoldenAfterFullTime(bootMs() - earnedMs);

      await proxy.close();
      const { id } = scene.pod;
      await docker(['rm', '-f', id]);
      scene.pod.stopBeating();
      await here.until('the heartbeat is overdue', async () => {
        const beatMs = Number((await here.health())['beat_ms']);
        return bootMs() > beatMs + 7_000;
      });
      assert.equal((await here.status())['docker_id'], id.slice(0, 12), 'the record stands');
      await proxy.open();
      await here.until(
        'the record is released',
        async () => (await here.status())['current_owner'] === 'none',
      );
    } finally {
      await proxy.close();
    }
  },
);

if (!existsSync(FAKETIME))
  test('the wall clock stepped during a certification (D22)', {
    skip: `${FAKETIME} is missing: install Debian's libfaketime`,
  });
else
  hostScenario(
    'the wall clock stepped by a day forth and back during a certification changes nothing (D22)',
    {
      policy: { ...POLICY, fail_time_to_fallback: '1s' },
      env: {
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: `${proxy.path}.time`,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_NO_CACHE: '1',
      },
    },
    async (here) => {
      const step = (text: string): void => writeFileSync(`${proxy.path}.time`, text);
      step('+0');
      const scene = new InterruptedCertification(here);
      await scene.begin();
      await scene.deploy();
      for (const days of ['+1d', '-1d', '+0']) {
        step(days);
        await scene.pod.untilBeaten();
        await scene.assertUntouched();
      }
      step('+1d');
      await scene.assertGoldenAfterFullTime(scene.pod.claimedMs);
      const golden = here.ledger()?.golden as { sinceTs?: number } | undefined;
      const aheadS = (golden?.sinceTs ?? 0) - Date.now() / 1_000;
      assert.ok(aheadS > 80_000, `the daemon's wall clock was ${Math.round(aheadS)} s ahead`);
      assert.equal((here.ledger() as { fallbacks?: unknown[] }).fallbacks?.length, 0);
      scene.pod.stopBeating();
    },
  );
