/** The images of the ladder among others that remove images and containers. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { namePin } from '../../../../src/contract/images/pin.ts';
import { FakeHost, LOCAL, POLICY_ROW, REMOTE } from '../../../support/fake-host.ts';
import { collectImages } from '../../../support/image-collector.ts';

/** Image 2 is golden, image 1 the shipped one; no container is made from either but pins. */
async function playUpToGolden(t: TestContext, host = new FakeHost()) {
  const ended = host.start();
  ended.catch(() => undefined);
  t.after(async () => {
    host.stop();
    await ended.catch(() => undefined);
  });
  host.deploy();
  await host.settle();
  await host.beatFor(70_000);
  assert.equal(host.ledger().golden?.imageId, host.image2);
  host.engine.destroy(host.id);
  await host.pass(1_000);
  return host;
}

const DIGEST = `${REMOTE}@sha256:${'d'.repeat(64)}`;

/** Image 2 came from a registry, which has it still. */
function hostWithRegistry(): FakeHost {
  const host = new FakeHost();
  host.engine.putImage('2', [DIGEST]);
  host.engine.registry.set(DIGEST, '2');
  return host;
}

/** By force, pin and all: nothing but a running container protects from that. */
function loseGolden(host: FakeHost): void {
  for (const name of pinsOf(host.image2)) host.engine.removeContainer(name);
  for (const tag of listTags(host, host.image2)) host.engine.removeReference(tag);
  assert.ok(!hasImage(host, host.image2));
}

const listPulls = ({ engine }: FakeHost): string[] =>
  engine.acts.filter((act) => act.startsWith('pullImage'));

const hasImage = ({ engine }: FakeHost, imageId: string): boolean =>
  engine.images().some(({ id }) => id === imageId);
const listTags = ({ engine }: FakeHost, imageId: string): readonly string[] =>
  engine.images().find(({ id }) => id === imageId)?.tags ?? [];
const listPins = ({ engine }: FakeHost): string[] =>
  engine
    .containers()
    .filter(({ keptFor }) => keptFor !== undefined)
    .map(({ names }) => names[0] ?? '')
    .toSorted();
const pinsOf = (...imageIds: string[]): string[] =>
  imageIds.map((imageId) => namePin({ feature: 'snmp', imageId })).toSorted();

describe('pins', { timeout: 600_000 }, () => {
  test('a collector that removes names one by one leaves the ladder, and its images get their names back (H12)', async (t) => {
    const host = await playUpToGolden(t);
    host.engine.tag(host.image2, 'aaa/other:1');
    const other = host.engine.putImage('other', ['unrelated:1']);
    collectImages(host.engine);
    assert.ok(!hasImage(host, other));
    assert.ok(hasImage(host, host.image1) && hasImage(host, host.image2));
    await host.pass(1_000);
    assert.ok(listTags(host, host.image2).includes(`${REMOTE}:2.0`));
    assert.ok(listTags(host, host.image1).includes(`${LOCAL}:1.0`));
    assert.deepEqual(host.view?.problems, []);
  });

  test('after such a collector the next fallback runs the golden image (H12)', async (t) => {
    const host = await playUpToGolden(t);
    host.engine.tag(host.image2, 'aaa/other:1');
    collectImages(host.engine);
    assert.deepEqual(listTags(host, host.image2), ['aaa/other:1']);
    const sick = host.engine.putImage('3', [`${REMOTE}:3.0`]);
    host.deploy(sick, 'token-3');
    await host.beatFor(130_000, {
      version: '3.0',
      status: 'unhealthy',
      reason: 'sick',
      healthy_since_ms: '',
    });
    assert.deepEqual(host.restarts, ['snmp']);
    assert.ok(
      listTags(host, host.image2).includes(`${LOCAL}:latest`),
      'what the service is restarted to run',
    );
  });

  test('pins that a prune of containers has removed are there again at the next look (H12)', async (t) => {
    const host = await playUpToGolden(t);
    assert.deepEqual(listPins(host), pinsOf(host.image1, host.image2));
    for (const name of listPins(host)) host.engine.removeContainer(name);
    await host.pass(1_000);
    assert.deepEqual(listPins(host), pinsOf(host.image1, host.image2));
  });

  test('an image that leaves the ladder loses its pin before it is cleaned up', async (t) => {
    const host = await playUpToGolden(t);
    host.databases.put(POLICY_ROW, { purge_older_image: 'true' });
    for (const version of [3, 4]) {
      const image = host.engine.putImage(`${version}`, [`${REMOTE}:${version}.0`]);
      host.deploy(image, `token-${version}`);
      await host.beatFor(70_000, { version: `${version}.0` });
      assert.equal(host.ledger().golden?.imageId, image);
    }
    await host.pass(1_000);
    assert.ok(!hasImage(host, host.image2));
    assert.equal(listPins(host).length, 3);
  });

  test('an image of the ladder that is gone is a problem, and shows in the view, until it is back (H12)', async (t) => {
    const host = await playUpToGolden(t);
    loseGolden(host);
    await host.pass(1_000);
    assert.match(
      host.view?.problems.join() ?? '',
      /^snmp: the golden image [0-9a-f]{12}, version 2\.0, is not/,
    );
    assert.deepEqual(
      host.view?.features['snmp']?.ladder?.map(({ name, isThere, isPinned }) => [name, isThere, isPinned]),
      [
        ['golden', false, false],
        ['shipped', true, true],
      ],
    );
    host.engine.putImage('2', [`${REMOTE}:2.0`]);
    await host.pass(1_000);
    assert.deepEqual(host.view?.problems, []);
    assert.deepEqual(listPins(host), pinsOf(host.image1, host.image2));
  });

  test('an image of the ladder that is gone is pulled again where the policy says so, and gets its name back (H12)', async (t) => {
    const host = await playUpToGolden(t, hostWithRegistry());
    loseGolden(host);
    await host.pass(1_000);
    assert.match(
      host.view?.problems.join() ?? '',
      /docker pull registry:5000\/docker-snmp@sha256:d+, or set/,
    );
    assert.deepEqual(listPulls(host), []);
    host.databases.put(POLICY_ROW, { restore_golden: 'true' });
    await host.pass(1_000);
    assert.deepEqual(listPulls(host), [`pullImage ${DIGEST}`]);
    assert.ok(listTags(host, host.image2).includes(`${REMOTE}:2.0`));
    assert.deepEqual(listPins(host), pinsOf(host.image1, host.image2));
    assert.deepEqual(host.view?.problems, []);
    assert.ok(host.log.lines.some((line) => line.endsWith(`is back, from ${DIGEST}`)));
  });

  test('what the registry has by that name now is not taken for it, and goes again', async (t) => {
    const host = await playUpToGolden(t, hostWithRegistry());
    loseGolden(host);
    host.engine.registry.set(DIGEST, 'another one');
    host.databases.put(POLICY_ROW, { restore_golden: 'true' });
    const before = host.engine.images().length;
    await host.pass(1_000);
    assert.deepEqual(listPulls(host), [`pullImage ${DIGEST}`, `pullImage ${REMOTE}:2.0`]);
    assert.equal(host.engine.images().length, before);
    assert.match(host.view?.problems.join() ?? '', /ctrkitd pulls it again from/);
  });

  test('a registry that has not got it is asked again less and less often', async (t) => {
    const host = await playUpToGolden(t, hostWithRegistry());
    loseGolden(host);
    host.engine.registry.clear();
    // An image that has failed is not pulled.
    host.databases.put(POLICY_ROW, { restore_golden: 'true', fail_time_to_fallback: '' });
    const tries: number[] = [];
    // Without jitter above the half of a wait: after half a minute, one, two, four, eight.
    for (let minute = 0; minute < 16; minute += 1) {
      await host.pass(60_000);
      tries.push(listPulls(host).filter((act) => act.includes('@')).length);
    }
    assert.deepEqual(tries, [2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 6]);
  });

  test('an engine that can make no pin keeps nothing else from being done, and is asked less and less often', async (t) => {
    const host = new FakeHost();
    host.engine.beforeAct = (act) => {
      if (act.startsWith('pinImage')) throw new CtrkitError('engine', 'no space left');
    };
    await playUpToGolden(t, host);
    assert.ok(listTags(host, host.image2).includes(`${LOCAL}:latest`));
    const tries = host.engine.acts.filter((act) => act.startsWith('pinImage')).length;
    assert.ok(tries >= 2 && tries < 40, `${tries}`);
    host.engine.beforeAct = () => {};
    await host.pass(120_000);
    assert.deepEqual(listPins(host), pinsOf(host.image1, host.image2));
  });

  test("a container of somebody else's that has a pin's name is left alone", async (t) => {
    const host = new FakeHost();
    const [name = ''] = pinsOf(host.image1);
    host.engine.run({ name, image: host.image2, state: 'created', keptFor: 'snmp' });
    await playUpToGolden(t, host);
    assert.equal(host.engine.find(name)?.imageId, host.image2);
    const ladder = host.view?.features['snmp']?.ladder;
    assert.deepEqual(
      ladder?.map(({ isPinned }) => isPinned),
      [true, false],
    );
  });

  test('Disable takes the pins away, and a shadow makes none', async (t) => {
    const host = await playUpToGolden(t);
    host.databases.put(POLICY_ROW, { Disable: 'true' });
    await host.pass(1_000);
    assert.deepEqual(listPins(host), []);
    const shadow = new FakeHost({ isShadow: true });
    const ended = shadow.start();
    t.after(async () => {
      shadow.stop();
      await ended.catch(() => undefined);
    });
    await shadow.beatFor(30_000);
    assert.deepEqual(shadow.engine.acts, []);
  });
});
