import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDuration } from '../../../src/text/duration-text.ts';

test('a duration is told in its two largest units, and what is not over is never told as over', () => {
  for (const [ms, text] of [
    [-5, '0 s'],
    [0, '0 s'],
    [1, '1 s'],
    [1_000, '1 s'],
    [59_001, '1 min'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [90_061_000, '1 d 1 h'],
    [86_460_000, '1 d'],
  ] as const)
    assert.equal(describeDuration(ms), text, String(ms));
});
