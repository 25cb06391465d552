import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { SeenNumbers } from '../../../../../src/container/adapters/supervisor/seen-numbers.ts';

test('a number is new the first time only, in whatever order numbers come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 80 }), (numbers) => {
      const seen = new SeenNumbers();
      const known = new Set<number>();
      for (const number of numbers) {
        assert.equal(seen.add(number), !known.has(number), `${number} of ${numbers.join()}`);
        known.add(number);
      }
    }),
  );
});

test('beyond a thousand gaps the lowest one counts as seen, and every other is known', () => {
  const seen = new SeenNumbers();
  for (let number = 0; number <= 2_000; number += 2) assert.equal(seen.add(number), true);
  assert.equal(seen.add(1), false);
  for (let number = 3; number <= 2_000; number += 2) assert.equal(seen.add(number), true);
  for (let number = 0; number <= 2_000; number += 1) assert.equal(seen.add(number), false);
});
