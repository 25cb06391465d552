import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isTakenBack,
  noteWishes,
  startWishMemory,
  wishesSettleAtMs,
  type WishMemory,
} from '../../../../src/decide/cluster/wish-memory.ts';

const NOW = 5_000_000;
const LATER = NOW + 600_000;
const ALL = { a_enabled: 'true', a_local: '1', b_enabled: 'true', b_local: '1' };

const after = (...rows: readonly Readonly<Record<string, string>>[]): WishMemory =>
  rows.reduce<WishMemory>((memory, labels) => noteWishes(memory, labels, NOW), startWishMemory(NOW));

describe('WishMemory', () => {
  test('a label that vanished while others stayed was taken back', () => {
    const { b_local: _, ...rest } = ALL;
    assert.equal(isTakenBack(after(ALL, rest), 'b_local', NOW), true);
    assert.equal(isTakenBack(after(ALL, rest, rest), 'b_local', NOW), true);
    assert.equal(isTakenBack(after(ALL, rest), 'a_local', LATER), false);
  });

  test('what was never seen since a cold boot is left for ten minutes, and then goes', () => {
    const memory = after({ a_enabled: 'true' });
    assert.equal(isTakenBack(memory, 'b_enabled', LATER - 1), false);
    assert.equal(isTakenBack(memory, 'b_enabled', LATER), true);
    assert.equal(wishesSettleAtMs(memory, NOW), LATER);
    assert.equal(wishesSettleAtMs(memory, LATER), undefined);
  });

  test('an emptied STATE_DB, seen empty or filling again, takes back nothing', () => {
    for (const rows of [
      [ALL, {}],
      [ALL, {}, { a_enabled: 'true' }],
      [{ a: '1' }, {}],
      [ALL, { x: '1' }],
    ]) {
      const memory = after(...rows);
      for (const key of ['a', ...Object.keys(ALL)])
        assert.equal(isTakenBack(memory, key, NOW), false, `${key} of ${JSON.stringify(rows)}`);
      assert.equal(isTakenBack(memory, 'b_enabled', LATER), true);
    }
  });

  test('the ten minutes begin anew when it is emptied', () => {
    const memory = noteWishes(after(ALL), {}, LATER);
    assert.equal(isTakenBack(memory, 'a_local', LATER + 599_999), false);
  });

  test('a label that is wished again is not taken back', () => {
    const { b_local: _, ...rest } = ALL;
    assert.equal(isTakenBack(after(ALL, rest, ALL), 'b_local', LATER), false);
  });
});
