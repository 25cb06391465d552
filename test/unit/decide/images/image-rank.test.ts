import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import { decideRank, type RankInput } from '../../../../src/decide/images/image-rank.ts';
import { listRungs, NO_FACTS, type LadderFacts } from '../../../../src/decide/images/ladder.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { fallbackOf } from '../../../support/feature-inputs.ts';

const LEDGER: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(3),
  previous: goldenOf(2),
  shipped: goldenOf(1, { source: 'shipped' }),
};

const rankOf = (
  number: number | undefined,
  {
    ledger = LEDGER,
    facts = NO_FACTS,
    ...more
  }: Partial<RankInput> & {
    readonly ledger?: FeatureLedger;
    readonly facts?: LadderFacts;
  } = {},
) =>
  decideRank({
    imageId: number === undefined ? undefined : imageIdOf(number),
    currentOwner: 'local',
    setOwner: 'kube',
    rungs: listRungs(ledger, facts),
    ...more,
  });

describe('what the rung of the running image says', () => {
  test('an image that runs as local is certified for its own rung only, while a certified one stands above it (HF2)', () => {
    for (const number of [1, 2, 9]) {
      const rank = rankOf(number);
      assert.equal(rank?.kind, 'own-rung');
      assert.match(rank.text, /version 3\.0 \(000000000003\) stays golden$/);
    }
    assert.equal(rankOf(1, { setOwner: 'local' })?.kind, 'own-rung', 'it is on the ladder');
    assert.equal(rankOf(9, { setOwner: 'local' }), undefined, 'somebody wants it as the local one');
  });

  test('an image that Kubernetes runs is judged by its time, on whatever rung it is: a roll back is meant', () => {
    for (const number of [1, 2, 9]) assert.equal(rankOf(number, { currentOwner: 'kube' }), undefined);
    assert.equal(rankOf(3, { currentOwner: 'kube' })?.kind, 'golden');
    assert.equal(rankOf(3)?.kind, 'golden');
  });

  test('the highest rung that stands counts as golden, and is not certified in the place of a failed one', () => {
    const failed = { ledger: { ...LEDGER, fallbacks: [fallbackOf(3)] } };
    assert.equal(rankOf(2, failed)?.kind, 'golden');
    assert.equal(rankOf(1, failed)?.kind, 'own-rung');
    assert.equal(rankOf(2, { ...failed, currentOwner: 'kube' }), undefined);
    const shipped = { ledger: { ...EMPTY_FEATURE_LEDGER, shipped: LEDGER.shipped } };
    assert.equal(rankOf(1, shipped)?.kind, 'golden');
    assert.equal(rankOf(9, shipped), undefined, 'no certified image stands above it');
  });

  test('the golden image that has failed is not golden while it runs', () => {
    const ledger = { ...LEDGER, fallbacks: [fallbackOf(3)] };
    for (const currentOwner of ['kube', 'local'] as const)
      assert.match(rankOf(3, { ledger, currentOwner })?.text ?? '', /it counts once that is lifted$/);
  });

  test('nothing is said of an image that is not known, nor without a ladder', () => {
    assert.equal(rankOf(undefined), undefined);
    assert.equal(rankOf(9, { ledger: EMPTY_FEATURE_LEDGER }), undefined);
  });
});
