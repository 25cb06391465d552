import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPin, omitPins } from '../../../../src/contract/images/pin.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import { listRungs } from '../../../../src/decide/images/ladder.ts';
import { planPins, type PinsInput } from '../../../../src/decide/images/pins.ts';
import { listSources } from '../../../../src/decide/images/restore.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { containerOf, fallbackOf, imageOf, LOCAL, pinOf, REMOTE } from '../../../support/feature-inputs.ts';

const POLICY = {
  isDisabled: false,
  restoreGolden: false,
  activeTimeToMarkGoodMs: 60_000,
  failTimeToFallbackMs: 0,
  kubeFailureDetectionMs: 0,
};
const IMAGES = [
  imageOf(1, [`${LOCAL}:1.0`]),
  imageOf(2, [`${REMOTE}:2.0`]),
  imageOf(3, [`${REMOTE}:3.0`, `${LOCAL}:latest`]),
];
const LEDGER: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(3, { references: [`${REMOTE}:3.0`] }),
  previous: goldenOf(2, { references: [`${REMOTE}:2.0`] }),
  shipped: goldenOf(1, { source: 'shipped', references: [`${LOCAL}:latest`, `${LOCAL}:1.0`] }),
};

const plan = (changes: Partial<PinsInput> & { ledger?: FeatureLedger } = {}) => {
  const { images = IMAGES, ledger = LEDGER } = changes;
  const imageIds = new Set(images.map(({ id }) => id));
  const rungs = listRungs(ledger, { imageIds, blockedVersions: new Set() });
  const input = { feature: 'snmp', policy: POLICY, containers: [], pins: [], ...changes };
  return planPins({ ...input, ledger, rungs, images }).map((step) => {
    if (step.kind === 'pin-image') return `pin ${step.pin.imageId[18]}`;
    if (step.kind === 'unpin-image') return `unpin ${step.containerId}`;
    if (step.kind === 'restore-image') return `pull ${step.imageId[18]} ${step.sources.join(' ')}`;
    return `name ${step.imageId[18]} ${step.repository}:${step.tag}`;
  });
};

const pins = [1, 2, 3].map((number) => pinOf(imageIdOf(number)));

test('each image of the ladder that is there gets a pin, once (H12)', () => {
  assert.deepEqual(plan(), ['pin 3', 'pin 2', 'pin 1']);
  assert.deepEqual(plan({ pins }), []);
  assert.deepEqual(plan({ images: IMAGES.slice(1), pins: pins.slice(2) }), ['pin 2']);
});

test('an image that has failed keeps its pin: it counts again once that is lifted', () => {
  assert.deepEqual(plan({ ledger: { ...LEDGER, fallbacks: [fallbackOf(3)] }, pins }), []);
});

test('a pin goes when its image is on the ladder no more, or is not there', () => {
  const [first] = pins;
  assert.deepEqual(plan({ ledger: { ...LEDGER, shipped: undefined }, pins }), [`unpin ${first?.id}`]);
  assert.deepEqual(plan({ images: IMAGES.slice(1), pins }), [`unpin ${first?.id}`]);
});

test('the pins of another feature stay, also of one that no ledger here knows: another daemon on this engine may', () => {
  const foreign = pinOf(imageIdOf(3), 'other');
  assert.deepEqual(plan({ pins: [...pins, foreign] }), []);
});

test("a name that is somebody else's is left alone", () => {
  const [first] = pins;
  const other = { names: first?.names ?? [] };
  assert.deepEqual(plan({ pins: pins.slice(1), containers: [other] }), []);
});

test('nothing is pinned where nothing is certified and nothing falls back, and Disable takes pins away', () => {
  const off = { ...POLICY, activeTimeToMarkGoodMs: 0 };
  const shippedOnly = { ...EMPTY_FEATURE_LEDGER, shipped: LEDGER.shipped };
  assert.deepEqual(plan({ policy: off, ledger: shippedOnly }), []);
  assert.deepEqual(plan({ policy: { ...off, failTimeToFallbackMs: 1 }, ledger: shippedOnly }), ['pin 1']);
  assert.deepEqual(plan({ policy: { ...off, kubeFailureDetectionMs: 1 }, ledger: shippedOnly }), ['pin 1']);
  assert.deepEqual(plan({ policy: off }), ['pin 3', 'pin 2', 'pin 1']);
  assert.deepEqual(
    plan({ policy: { ...POLICY, isDisabled: true }, pins }),
    pins.map(({ id }) => `unpin ${id}`),
  );
});

test('a tag of the version that nobody has is given back, no other tag is (H12)', () => {
  const [, second, third] = IMAGES;
  const stripped = [imageOf(1, [`${LOCAL}:latest`]), imageOf(2, ['other:1']), imageOf(3, [])];
  assert.deepEqual(plan({ images: stripped, pins }), [
    `name 3 ${REMOTE}:3.0`,
    `name 2 ${REMOTE}:2.0`,
    `name 1 ${LOCAL}:1.0`,
  ]);
  const taken = [imageOf(1, [`${LOCAL}:1.0`, `${REMOTE}:2.0`]), imageOf(2, []), third, second].slice(0, 3);
  assert.deepEqual(plan({ images: taken as typeof IMAGES, pins }), []);
  const moving = { ...LEDGER, golden: goldenOf(3, { references: [`${REMOTE}:stable`, `${LOCAL}:latest`] }) };
  assert.deepEqual(plan({ ledger: moving, pins }), []);
});

test('an image without any name gets the first of the ledger that nobody has', () => {
  const ledger = { ...LEDGER, golden: goldenOf(3, { references: [`${LOCAL}:latest`, `${REMOTE}:stable`] }) };
  assert.deepEqual(plan({ ledger, images: [...IMAGES.slice(0, 2), imageOf(3, [])], pins }), [
    `name 3 ${REMOTE}:stable`,
  ]);
});

test('an image that is gone is pulled again where the policy says so: by digest, or by a tag with its registry (H12)', () => {
  const digest = `${REMOTE}@sha256:${'d'.repeat(64)}`;
  const ledger = {
    ...LEDGER,
    golden: goldenOf(3, { references: [`${LOCAL}:latest`, `${LOCAL}:3.0`, `${REMOTE}:3.0`, digest] }),
  };
  const images = IMAGES.slice(1, 2);
  const policy = { ...POLICY, restoreGolden: true };
  const second = pins.slice(1, 2);
  assert.deepEqual(plan({ ledger, images, policy, pins: second }), [`pull 3 ${digest} ${REMOTE}:3.0`]);
  assert.deepEqual(plan({ ledger, images, pins: second }), []);
  const failed = { ...ledger, fallbacks: [fallbackOf(3)] };
  assert.deepEqual(plan({ ledger: failed, images, policy, pins: second }), []);
  assert.deepEqual(
    plan({ ledger, images, policy: { ...policy, isDisabled: true }, pins: second }),
    second.map(({ id }) => `unpin ${id}`),
  );
});

test('a tag without the host of a registry is no source', () => {
  for (const name of ['docker-snmp:1', 'team/docker-snmp:1', 'nonsense//:1'])
    assert.deepEqual(listSources({ references: [name] }), []);
  for (const name of ['localhost/docker-snmp:1', 'a.example/snmp:1', 'registry:5000/snmp:1'])
    assert.deepEqual(listSources({ references: [name] }), [name]);
});

test('a pin is known by label and name together', () => {
  const [pin = containerOf()] = pins;
  assert.ok(isPin(pin));
  const { keptFor: _, ...unlabelled } = pin;
  const others = [unlabelled, { ...pin, names: ['snmp'] }, { ...pin, keptFor: 'bgp' }, containerOf()];
  assert.deepEqual(omitPins([pin, ...others]), others);
});
