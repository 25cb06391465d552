/** Laws of the pins, on any engine and any ledger: they come to rest, touch nothing else, and leave no collector the ladder. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { isPin, omitPins } from '../../src/contract/images/pin.ts';
import { listRungs } from '../../src/decide/images/ladder.ts';
import { planPins, type PinStep } from '../../src/decide/images/pins.ts';
import { runPinStep } from '../../src/host/daemon/feature/pin-executor.ts';
import { goldenOf } from '../support/beats.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { collectImages } from '../support/image-collector.ts';
import { runsOf } from '../support/run-counts.ts';

const NAMES = [
  'docker-snmp:latest',
  'docker-snmp:1.0',
  'registry:5000/docker-snmp:1.0',
  'registry:5000/x:2.0',
];
const FEATURE = 'snmp';
const POLICY = {
  isDisabled: false,
  restoreGolden: false,
  activeTimeToMarkGoodMs: 1,
  failTimeToFallbackMs: 0,
  kubeFailureDetectionMs: 0,
};

const names = fc.subarray(NAMES);
/** An image that the engine has; who comes later takes names from who came before. */
const image = fc.record({
  isThere: fc.boolean(),
  tags: names,
  references: names,
  version: fc.constantFrom('1.0', '2.0'),
});
/** Containers of the feature and of others, with and without the label, and with names that pins have. */
const container = fc.record({
  image: fc.nat(3),
  name: fc.constantFrom('snmp', 'k8s_snmp', `ctrkit-keep-${FEATURE}-0`, 'ctrkit-keep-bgp-1'),
  keptFor: fc.constantFrom(undefined, FEATURE, 'bgp'),
});
const scene = fc.record({
  images: fc.array(image, { minLength: 4, maxLength: 4 }),
  rungs: fc.shuffledSubarray([0, 1, 2], { minLength: 0, maxLength: 3 }),
  containers: fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function build({ images, rungs, containers }: Scene): { engine: FakeEngine; ledger: FeatureLedger } {
  const engine = new FakeEngine();
  const ids = images.map(({ tags }, number) => engine.putImage(`${number}`, tags));
  for (const { image: number, name, keptFor } of containers) {
    if (images[number]?.isThere !== true) continue;
    const label = keptFor === undefined ? {} : { keptFor };
    engine.run({ name, image: ids[number] ?? '', state: 'created', ...label });
  }
  for (const [number, { isThere, tags }] of images.entries()) {
    if (isThere) continue;
    for (const tag of tags) engine.removeReference(tag);
    engine.removeUnnamedImage(ids[number] ?? '');
  }
  const [golden, previous, shipped] = rungs.map((number) => {
    const { references = [], version = '' } = images[number] ?? {};
    return goldenOf(number, { imageId: ids[number] ?? '', references, version });
  });
  return { engine, ledger: { ...EMPTY_FEATURE_LEDGER, golden, previous, shipped } };
}

function plan(engine: FakeEngine, ledger: FeatureLedger): PinStep[] {
  const images = engine.images();
  const imageIds = new Set(images.map(({ id }) => id));
  return planPins({
    feature: FEATURE,
    policy: POLICY,
    ledger,
    rungs: listRungs(ledger, { imageIds, blockedVersions: new Set() }),
    containers: omitPins(engine.containers()),
    images,
    pins: engine.containers().filter((found) => isPin(found) && found.keptFor === FEATURE),
  });
}

/** Two images may want one name back: the second one then gets another. */
const MOST_PASSES = 3;

async function comeToRest(engine: FakeEngine, ledger: FeatureLedger): Promise<void> {
  for (let pass = 0; pass < MOST_PASSES; pass += 1)
    for (const step of plan(engine, ledger))
      if (step.kind !== 'restore-image') await runPinStep(engine.open(), step);
  assert.deepEqual(plan(engine, ledger), []);
}

test('pins come to rest, and touch no container but pins and no name that an image has', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (drawn) => {
      const { engine, ledger } = build(drawn);
      const others = omitPins(engine.containers()).map(({ id }) => id);
      const named = engine.images().flatMap(({ id, tags }) => tags.map((tag) => `${tag} ${id}`));
      await comeToRest(engine, ledger);
      assert.deepEqual(
        omitPins(engine.containers()).map(({ id }) => id),
        others,
      );
      const now = new Set(engine.images().flatMap(({ id, tags }) => tags.map((tag) => `${tag} ${id}`)));
      assert.deepEqual(
        named.filter((name) => !now.has(name)),
        [],
      );
    }),
    runsOf(2_000),
  );
});

test('no collector removes an image of the ladder that is there (H12)', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (drawn) => {
      const { engine, ledger } = build(drawn);
      await comeToRest(engine, ledger);
      const before = new Set(engine.images().map(({ id }) => id));
      const rungs = [ledger.golden, ledger.previous, ledger.shipped].flatMap((rung) => rung?.imageId ?? []);
      collectImages(engine);
      const after = new Set(engine.images().map(({ id }) => id));
      assert.deepEqual(
        rungs.filter((id) => before.has(id) && !after.has(id)),
        [],
      );
      await comeToRest(engine, ledger);
    }),
    runsOf(2_000),
  );
});
