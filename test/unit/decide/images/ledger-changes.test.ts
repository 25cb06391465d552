import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  EMPTY_FEATURE_LEDGER,
  MAX_LEDGER_LIST,
  type Fallback,
  type FeatureLedger,
} from '../../../../src/contract/images/ledger.ts';
import {
  adoptShippedImage,
  markFallbackDone,
  liftFallback,
  recordFallback,
  recordRepository,
  recordUntaggedImage,
  findOpenFallback,
  selectFeatureLedger,
} from '../../../../src/decide/images/ledger-changes.ts';
import { certifyOn, goldenOf, imageIdOf } from '../../../support/beats.ts';

const [V1, V2, V3] = [goldenOf(1, { source: 'shipped' }), goldenOf(2), goldenOf(3)];

const fallbackOf = (number: number, changes: Partial<Fallback> = {}): Fallback => ({
  imageId: imageIdOf(number),
  version: `${number}.0`,
  reason: 'unhealthy for 5 min',
  sinceTs: 1_700_000_000,
  bootId: 'boot-1',
  bootMs: 1_000,
  isDone: false,
  ...changes,
});

const SHIPPED: FeatureLedger = { ...EMPTY_FEATURE_LEDGER, shipped: V1 };
const ON_V2 = certifyOn(SHIPPED, V2);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number + 1);

describe('a certified image', () => {
  test('is golden, and the golden one is the previous, in one step', () => {
    assert.deepEqual([ON_V2.golden, ON_V2.previous, ON_V2.shipped], [V2, undefined, V1]);
    const onV3 = certifyOn(ON_V2, V3);
    assert.deepEqual([onV3.golden, onV3.previous], [V3, V2]);
    const back = certifyOn(onV3, V2);
    assert.deepEqual([back.golden, back.previous], [V2, V3]);
  });

  test('that is golden already changes nothing', () => {
    assert.equal(certifyOn(ON_V2, goldenOf(2, { sinceTs: 1 })), ON_V2);
  });

  test('that was fallen back from does not become golden until that is lifted', () => {
    const fallen = recordFallback(ON_V2, fallbackOf(3));
    assert.equal(certifyOn(fallen, V3), fallen);
    assert.equal(adoptShippedImage(fallen, V3), fallen);
    assert.deepEqual(certifyOn(liftFallback(fallen, imageIdOf(3)), V3).golden, V3);
  });

  test('is no longer one that may have no name', () => {
    const ledger = recordUntaggedImage(recordUntaggedImage(ON_V2, imageIdOf(1)), imageIdOf(3));
    assert.deepEqual(certifyOn(ledger, V3).untagged, [imageIdOf(1)]);
  });

  test('whose names, version or id are not what they should be does not spoil the ledger', () => {
    const references = ['a b', 'ü', 'x'.repeat(600), ...upTo(40).map((n) => `registry/snmp:${n}`)];
    const { golden } = certifyOn(SHIPPED, goldenOf(2, { version: 'a|b', references }));
    assert.equal(golden?.version, '0.0.0');
    assert.deepEqual(golden?.references, references.slice(3, 3 + MAX_LEDGER_LIST));
    assert.equal(certifyOn(SHIPPED, goldenOf(2, { imageId: 'latest' })), SHIPPED);
  });
});

describe('the local image of the switch', () => {
  test('is the lowest rung, whatever is certified', () => {
    assert.deepEqual(adoptShippedImage(EMPTY_FEATURE_LEDGER, V1), SHIPPED);
    const followed = adoptShippedImage(ON_V2, V3);
    assert.deepEqual([followed.golden, followed.shipped], [V2, { ...V3, source: 'shipped' }]);
  });

  test('that is on the ladder already changes nothing', () => {
    assert.equal(adoptShippedImage(ON_V2, V1), ON_V2);
    assert.equal(adoptShippedImage(ON_V2, V2), ON_V2);
  });

  test('that is certified stays the shipped one too', () => {
    const both = certifyOn(SHIPPED, goldenOf(1));
    assert.deepEqual([both.golden?.source, both.shipped?.source], ['certified', 'shipped']);
  });
});

describe('a fallback', () => {
  test('is recorded once an image, until it is lifted', () => {
    const once = recordFallback(ON_V2, fallbackOf(3));
    assert.deepEqual(once.fallbacks, [fallbackOf(3)]);
    assert.equal(recordFallback(once, fallbackOf(3, { reason: 'again' })), once);
    assert.equal(findOpenFallback(once, imageIdOf(3))?.reason, 'unhealthy for 5 min');
    assert.equal(findOpenFallback(once, imageIdOf(4)), undefined);
    const lifted = liftFallback(once, imageIdOf(3));
    assert.deepEqual(lifted, ON_V2);
    assert.equal(liftFallback(lifted, imageIdOf(3)), lifted);
  });

  test('is done once, and only its own', () => {
    const two = recordFallback(recordFallback(ON_V2, fallbackOf(3)), fallbackOf(4));
    const done = markFallbackDone(two, imageIdOf(3));
    assert.deepEqual(
      done.fallbacks.map(({ isDone }) => isDone),
      [true, false],
    );
    assert.equal(markFallbackDone(done, imageIdOf(3)), done);
  });

  test('may be one of the golden image, which keeps its place (HF1)', () => {
    const { golden, fallbacks } = recordFallback(ON_V2, fallbackOf(2));
    assert.deepEqual([golden, fallbacks], [V2, [fallbackOf(2)]]);
  });

  test('is none of what is no image', () => {
    assert.equal(recordFallback(ON_V2, fallbackOf(3, { imageId: '' })), ON_V2);
  });

  test('has a reason of one line, and a legal version', () => {
    const { fallbacks } = recordFallback(
      ON_V2,
      fallbackOf(3, { reason: `a\nb${'c'.repeat(1_000)}`, version: '' }),
    );
    assert.equal(fallbacks[0]?.reason, `a b${'c'.repeat(497)}`);
    assert.equal(fallbacks[0]?.version, '0.0.0');
  });
});

describe('what is remembered', () => {
  test('is remembered once, if it is what it should be', () => {
    const known = recordRepository(ON_V2, 'registry:5000/docker-snmp');
    assert.deepEqual(known.repositories, ['registry:5000/docker-snmp']);
    assert.equal(recordRepository(known, 'registry:5000/docker-snmp'), known);
    assert.equal(recordRepository(known, 'docker-snmp:latest'), known);
    const untagged = recordUntaggedImage(known, imageIdOf(1));
    assert.deepEqual(untagged.untagged, [imageIdOf(1)]);
    assert.equal(recordUntaggedImage(untagged, imageIdOf(1)), untagged);
    assert.equal(recordUntaggedImage(untagged, imageIdOf(2)), untagged, 'the golden image has a name');
    assert.equal(recordUntaggedImage(untagged, '<none>'), untagged);
  });

  test('are the newest, however many there were', () => {
    let ledger = ON_V2;
    for (const number of upTo(100)) {
      ledger = recordRepository(ledger, `registry-${number}/docker-snmp`);
      ledger = recordUntaggedImage(ledger, imageIdOf(100 + number));
      ledger = recordFallback(ledger, fallbackOf(100 + number));
    }
    for (const list of [ledger.repositories, ledger.untagged, ledger.fallbacks])
      assert.equal(list.length, MAX_LEDGER_LIST);
    assert.equal(ledger.repositories.at(-1), 'registry-100/docker-snmp');
    assert.equal(ledger.untagged.at(-1), imageIdOf(200));
    assert.equal(ledger.fallbacks.at(-1)?.imageId, imageIdOf(200));
  });

  test('of a feature that is called as what every object has is its own', () => {
    assert.equal(selectFeatureLedger({}, 'constructor'), EMPTY_FEATURE_LEDGER);
    assert.equal(selectFeatureLedger({ snmp: ON_V2 }, 'snmp'), ON_V2);
  });
});
