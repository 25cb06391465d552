import assert from 'node:assert/strict';
import { execIn } from '../../support/images.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { askAll, ProbeWatch, readStaleAtMs } from '../support/probe-watch.ts';
import { signalApplication } from '../support/signals.ts';
import { scenario } from '../support/switch.ts';

/** The answers are written again this often. */
const REFRESH_MS = 10_000;

scenario('the answers stay fresh and right where the disk that they are on is full', async (here) => {
  await here.startDatabase();
  const container = await here.start('local', {
    env: { CTRKIT_HEARTBEAT_INTERVAL: '1s' },
    mounts: await mountTexts(EACH_SECOND),
    args: ['--tmpfs', '/run/ctrkit:size=64k,mode=755'],
  });
  await here.untilStatus(container, 'healthy');
  const fill = await execIn(container, ['dd', 'if=/dev/zero', 'of=/run/ctrkit/filler', 'bs=4k']);
  assert.match(fill.stderr, /No space left on device/);
  assert.notEqual((await execIn(container, ['sh', '-c', 'echo x >/run/ctrkit/more'])).code, 0);

  const watch = new ProbeWatch(container);
  const staleAtMs = await readStaleAtMs(container);
  await here.until(
    'the answers are written again',
    async () => (await readStaleAtMs(container)) >= staleAtMs + REFRESH_MS,
  );
  await watch.end();
  assert.deepEqual(watch.kinds, ['0/0/0']);

  await signalApplication(container, 'snmp', 'STOP');
  await here.untilStatus(container, 'unhealthy');
  assert.deepEqual(await askAll(container), { startup: 0, readiness: 3, liveness: 3 });
  await signalApplication(container, 'snmp', 'CONT');
  await here.untilStatus(container, 'healthy');
  assert.deepEqual(await askAll(container), { startup: 0, readiness: 0, liveness: 0 });
});
