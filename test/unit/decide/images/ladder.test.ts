import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import {
  choosePrevious,
  findNextStanding,
  findStandingRung,
  listImageIds,
  listRungs,
  NO_FACTS,
  type LadderFacts,
} from '../../../../src/decide/images/ladder.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { fallbackOf, imageOf } from '../../../support/feature-inputs.ts';

const SHIPPED = goldenOf(1, { source: 'shipped' });
const FULL: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(3),
  previous: goldenOf(2),
  shipped: SHIPPED,
};
const ids = (...numbers: number[]): LadderFacts => ({
  ...NO_FACTS,
  imageIds: new Set(numbers.map((number) => imageIdOf(number))),
});

describe('the ladder', () => {
  test('is golden, the one before, the shipped one, each once', () => {
    const namesOf = (ledger: FeatureLedger) => listRungs(ledger, NO_FACTS).map(({ name }) => name);
    assert.deepEqual(namesOf(FULL), ['golden', 'previous', 'shipped']);
    assert.deepEqual(namesOf({ ...FULL, golden: goldenOf(1) }), ['golden', 'previous']);
    assert.deepEqual(namesOf({ ...FULL, previous: goldenOf(1), golden: undefined }), ['previous']);
    assert.deepEqual(namesOf(EMPTY_FEATURE_LEDGER), []);
  });

  test('a rung that is gone or has failed keeps its place, and the next one stands', () => {
    const standing = (ledger: FeatureLedger, facts = NO_FACTS) =>
      findStandingRung(listRungs(ledger, facts))?.image.version;
    assert.equal(standing(FULL), '3.0');
    assert.equal(standing(FULL, ids(1, 2)), '2.0');
    assert.equal(standing({ ...FULL, fallbacks: [fallbackOf(3)] }), '2.0');
    assert.equal(standing({ ...FULL, fallbacks: [fallbackOf(3)] }, ids(1, 3)), '1.0');
    assert.equal(standing(FULL, { ...NO_FACTS, blockedVersions: new Set(['3.0']) }), '2.0');
    assert.equal(standing(FULL, ids()), undefined);
    assert.equal(listRungs(FULL, ids()).length, 3);
  });

  test('the next standing rung is the one below', () => {
    const next = (facts: LadderFacts) => findNextStanding(listRungs(FULL, facts))?.image.version;
    assert.deepEqual([next(NO_FACTS), next(ids(1, 3)), next(ids(1))], ['2.0', '1.0', undefined]);
  });

  test('an engine that is away says nothing on what is there', () => {
    assert.equal(listImageIds({ isAway: true, images: [imageOf(1, [])] }), undefined);
    assert.deepEqual(listImageIds({ isAway: false, images: [imageOf(1, [])] }), new Set([imageIdOf(1)]));
  });

  test('the golden image before a certified one is the highest certified rung that stands, else the highest', () => {
    const previous = (ledger: FeatureLedger, imageId: string, facts = NO_FACTS) =>
      choosePrevious(listRungs(ledger, facts), imageId)?.version;
    assert.equal(previous(FULL, imageIdOf(4)), '3.0');
    assert.equal(previous(FULL, imageIdOf(2)), '3.0', 'a roll back');
    assert.equal(previous({ ...FULL, fallbacks: [fallbackOf(3)] }, imageIdOf(4)), '2.0');
    assert.equal(previous({ ...FULL, fallbacks: [fallbackOf(3)] }, imageIdOf(2)), '3.0', 'it may be lifted');
    assert.equal(previous(FULL, imageIdOf(4), ids(1, 2, 4)), '2.0');
    assert.equal(previous({ ...EMPTY_FEATURE_LEDGER, shipped: SHIPPED }, imageIdOf(4)), undefined);
  });
});
