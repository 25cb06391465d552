import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findNextTryMs, recordLabelTry, type LabelTries } from '../../../../src/decide/cluster/label-pace.ts';

const NOW = 5_000_000;
const KEY = 'snmp_enabled';

describe('the pace of labels', () => {
  test('what is new is written at once, also right after another value', () => {
    assert.equal(findNextTryMs(new Map(), { key: KEY, value: 'true' }, NOW), NOW);
    const tries = recordLabelTry(new Map(), { key: KEY, value: 'true' }, NOW);
    assert.equal(findNextTryMs(tries, { key: KEY, value: 'false' }, NOW), NOW);
    assert.equal(findNextTryMs(tries, { key: KEY, value: undefined }, NOW), NOW);
  });

  test('a value that somebody else writes over each time is written less and less often', () => {
    let tries: LabelTries = new Map();
    let nowMs = NOW;
    const waits: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      tries = recordLabelTry(tries, { key: KEY, value: 'true' }, nowMs);
      const nextMs = findNextTryMs(tries, { key: KEY, value: 'true' }, nowMs);
      waits.push(nextMs - nowMs);
      nowMs = nextMs;
    }
    assert.deepEqual(waits.slice(0, 3), [2_000, 4_000, 8_000]);
    assert.equal(waits.at(-1), 300_000);
  });

  test('what the server refused is tried again in five minutes, not before', () => {
    const tries = recordLabelTry(new Map(), { key: KEY, value: 'true', refusal: 'no' }, NOW);
    assert.equal(findNextTryMs(tries, { key: KEY, value: 'true' }, NOW), NOW + 300_000);
  });

  test('what held for a quarter of an hour is forgotten, so that the list does not grow', () => {
    const tries = recordLabelTry(new Map(), { key: 'old', value: 'true' }, NOW);
    const next = recordLabelTry(tries, { key: KEY, value: 'true' }, NOW + 900_000);
    assert.deepEqual([...next.keys()], [KEY]);
  });
});
