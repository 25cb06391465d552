import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import { listRungs, NO_FACTS, type LadderFacts } from '../../../../src/decide/images/ladder.ts';
import { findLocalTarget, type LocalTargetInput } from '../../../../src/decide/images/local-target.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { fallbackOf, imageOf, LOCAL } from '../../../support/feature-inputs.ts';

const FULL: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(3),
  previous: goldenOf(2),
  shipped: goldenOf(1, { source: 'shipped' }),
};

interface Changes extends Partial<Omit<LocalTargetInput, 'ledger' | 'rungs'>> {
  readonly ledger?: FeatureLedger;
  readonly facts?: LadderFacts;
  readonly failing?: number;
}

const targetOf = ({ ledger = FULL, facts = NO_FACTS, failing, ...more }: Changes = {}) =>
  findLocalTarget(
    {
      feature: 'snmp',
      rungs: listRungs(ledger, facts),
      tagNewAsLocal: true,
      local: imageOf(1, [`${LOCAL}:latest`]),
      localVersion: '0.9',
      ledger,
      ...more,
    },
    failing === undefined ? undefined : imageIdOf(failing),
  );
const versionOf = (changes: Changes = {}) => {
  const target = targetOf(changes);
  return 'why' in target ? target.why : `${target.rung} ${target.version}`;
};
const there = (...numbers: number[]): LadderFacts => ({
  ...NO_FACTS,
  imageIds: new Set(numbers.map((number) => imageIdOf(number))),
});

describe('what a start in local mode is to run', () => {
  test('with tag_new_as_local is the highest rung that stands, whatever the local tag says', () => {
    assert.equal(versionOf(), 'golden 3.0');
    assert.equal(versionOf({ local: undefined }), 'golden 3.0');
    assert.equal(versionOf({ facts: there(1, 2) }), 'previous 2.0');
    assert.equal(
      versionOf({ ledger: { ...FULL, fallbacks: [fallbackOf(3), fallbackOf(2)] } }),
      'shipped 1.0',
    );
  });

  test('after a failure of the golden image is the next rung (HF1)', () => {
    assert.equal(versionOf({ failing: 3 }), 'previous 2.0');
    assert.equal(versionOf({ failing: 3, facts: there(1, 3) }), 'shipped 1.0');
    assert.match(
      versionOf({ failing: 3, facts: there(3) }),
      /^nothing is left to fall back to: the golden version 3\.0 .* is the one that fails; .* is not on this switch/,
    );
  });

  test('without it is the shipped image, and no other (HF4)', () => {
    const off = { tagNewAsLocal: false };
    assert.equal(versionOf(off), 'shipped 1.0');
    assert.equal(versionOf({ ...off, failing: 3 }), 'shipped 1.0');
    assert.match(
      versionOf({ ...off, failing: 1 }),
      /shipped version 1\.0 .* is the one that fails; tag_new_as_local is false, so the shipped image is the only local one/,
    );
    assert.match(versionOf({ ...off, facts: there(2, 3) }), /is not on this switch/);
    const failed = { ...FULL, fallbacks: [fallbackOf(1)] };
    assert.match(versionOf({ ...off, ledger: failed }), /ctrkit unblock snmp 1\.0/);
    assert.equal(
      versionOf({ ...off, ledger: { ...FULL, golden: goldenOf(1) } }),
      'shipped 1.0',
      'certified too',
    );
  });

  test('is the local image where nobody knows which one was shipped', () => {
    const unknown = { ledger: { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(3) }, tagNewAsLocal: false };
    assert.equal(versionOf(unknown), 'local 0.9');
    assert.match(versionOf({ ...unknown, failing: 1 }), /is the local one too/);
    const failed = { ...unknown.ledger, fallbacks: [fallbackOf(1)] };
    assert.match(
      versionOf({ ...unknown, ledger: failed }),
      /itself fallen back from.*ctrkit unblock snmp 1\.0/,
    );
    assert.match(versionOf({ ...unknown, local: undefined }), /no local image/);
    assert.equal(versionOf({ ledger: EMPTY_FEATURE_LEDGER }), 'local 0.9');
  });
});
