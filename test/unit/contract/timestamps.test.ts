import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEarliest, toSeconds } from '../../../src/contract/timestamps.ts';

test('the earliest of the times that there are, and none of none', () => {
  assert.equal(findEarliest([undefined, 7, 3]), 3);
  assert.equal(findEarliest([0, 5]), 0);
  assert.equal(findEarliest([undefined]), undefined);
  assert.equal(findEarliest([]), undefined);
});

test('seconds are those that have passed', () => {
  assert.equal(toSeconds(1_999), 1);
});
