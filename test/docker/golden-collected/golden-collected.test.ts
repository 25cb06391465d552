import assert from 'node:assert/strict';
import { docker, dockerOutput } from '../../support/docker.ts';
import { LABEL } from '../../support/images.ts';
import { makeSick, MAY_BE_SICK } from '../support/failing-images.ts';
import { hostScenario, type Host } from '../support/host.ts';

const POLICY = {
  active_time_to_mark_good: '3s',
  tag_new_as_local: 'true',
  fail_time_to_fallback: '3s',
};
const PIN = 'ctrkit-keep-';
/** What this file's images and containers have, and nobody else's. */
const OWN = `label=${LABEL}=${process.pid}`;

/** Names of the containers made from this image. */
async function listUsers(imageId: string): Promise<string[]> {
  const filters = ['--filter', OWN, '--filter', `ancestor=${imageId}`];
  const listed = await dockerOutput(['ps', '-a', ...filters, '--format', '{{.Names}} {{.State}}']);
  return listed.split('\n').filter((line) => line !== '');
}

const untilPinned = (here: Host, imageIds: readonly string[]): Promise<true> =>
  here.until('each image of the ladder is pinned', async () => {
    for (const imageId of imageIds) {
      const pins = (await listUsers(imageId)).filter((line) => line.startsWith(`${PIN}${here.feature}-`));
      if (pins.length !== 1 || !pins[0]?.endsWith(' created')) return false;
    }
    return true;
  });

const untilNamed = (here: Host, names: Readonly<Record<string, string>>): Promise<true> =>
  here.until('the names are back', async () => {
    for (const [name, imageId] of Object.entries(names))
      if ((await here.imageOf(name)) !== imageId) return false;
    return true;
  });

/** As kubelet does it by way of dockershim: tags, digests, the id, never by force. */
async function collect(imageId: string): Promise<void> {
  const format = '{{join .RepoTags "\\n"}}\n{{join .RepoDigests "\\n"}}';
  const names = (await dockerOutput(['image', 'inspect', '-f', format, imageId])).split('\n');
  for (const name of names.filter((text) => text !== '')) await docker(['rmi', name]);
  await docker(['rmi', imageId]);
}

hostScenario(
  'a prune of images, and a collector that removes names one by one, leave the golden image, and the next fallback runs it (H12)',
  { policy: POLICY },
  async (here) => {
    const v1 = await here.startLocal('1.0.0');
    here.startDaemon();
    const v2 = await here.buildImage('2.0.0');
    await here.setConfig({ set_owner: 'kube' });
    await here.kubelet.deploy(v2);
    await here.untilGolden(v2);
    const local = `${here.localRepository}:latest`;
    const names = {
      [local]: v2,
      [`${here.remoteRepository}:2.0.0`]: v2,
      [`${here.localRepository}:1.0.0`]: v1,
    };
    await untilNamed(here, names);
    await untilPinned(here, [v1, v2]);

    // From here on nothing but pins is made from them.
    await here.kubelet.stop();
    await here.unit('stop');
    for (const [name = ''] of [...(await listUsers(v1)), ...(await listUsers(v2))].map((line) =>
      line.split(' '),
    ))
      if (!name.startsWith(PIN)) await docker(['rm', '-f', name]);
    const unrelated = await here.buildImage('0.1.0', { name: `${here.remoteRepository}-other:0.1.0` });
    await dockerOutput(['image', 'prune', '-af', '--filter', OWN]);
    assert.ok(!(await here.hasImage(unrelated)), 'the prune removes what nothing is made from');
    assert.ok((await here.hasImage(v1)) && (await here.hasImage(v2)));
    await untilNamed(here, names);
    for (const imageId of [v1, v2]) await collect(imageId);
    assert.ok((await here.hasImage(v1)) && (await here.hasImage(v2)));
    await untilNamed(here, names);
    // Only containers that do not run: those of this file that are left are the pins.
    await dockerOutput(['container', 'prune', '-f', '--filter', OWN]);
    await untilPinned(here, [v1, v2]);

    await here.config.hset('IMAGE_MGMT|GLOBAL', { active_time_to_mark_good: '300s' });
    const v3 = await here.buildImage('3.0.0', { lines: MAY_BE_SICK });
    await here.unit('start');
    await here.kubelet.deploy(v3);
    await here.untilRuns('kube', '3.0.0');
    await makeSick(here.kubelet.id);
    await here.untilRuns('local', '2.0.0');
    assert.equal(await dockerOutput(['inspect', '-f', '{{.Image}}', here.feature]), v2);
    assert.deepEqual(here.fallbacks(), [{ imageId: v3, version: '3.0.0', isDone: true }]);
  },
);
