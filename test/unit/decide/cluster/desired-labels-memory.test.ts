import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isWithdrawn,
  recordDesiredLabels,
  startDesiredLabelsMemory,
  findSettleAtMs,
  type DesiredLabelsMemory,
} from '../../../../src/decide/cluster/desired-labels-memory.ts';

const NOW = 5_000_000;
const LATER = NOW + 600_000;
const ALL = { a_enabled: 'true', a_local: '1', b_enabled: 'true', b_local: '1' };

const after = (...rows: readonly Readonly<Record<string, string>>[]): DesiredLabelsMemory =>
  rows.reduce<DesiredLabelsMemory>(
    (memory, labels) => recordDesiredLabels(memory, labels, NOW),
    startDesiredLabelsMemory(NOW),
  );

describe('DesiredLabelsMemory', () => {
  test('a label that vanished while others stayed was withdrawn', () => {
    const { b_local: _, ...rest } = ALL;
    assert.equal(isWithdrawn(after(ALL, rest), 'b_local', NOW), true);
    assert.equal(isWithdrawn(after(ALL, rest, rest), 'b_local', NOW), true);
    assert.equal(isWithdrawn(after(ALL, rest), 'a_local', LATER), false);
  });

  test('what was never seen since a cold boot is left for ten minutes, and then goes', () => {
    const memory = after({ a_enabled: 'true' });
    assert.equal(isWithdrawn(memory, 'b_enabled', LATER - 1), false);
    assert.equal(isWithdrawn(memory, 'b_enabled', LATER), true);
    assert.equal(findSettleAtMs(memory, NOW), LATER);
    assert.equal(findSettleAtMs(memory, LATER), undefined);
  });

  test('an emptied STATE_DB, seen empty or filling again, withdraws nothing', () => {
    for (const rows of [
      [ALL, {}],
      [ALL, {}, { a_enabled: 'true' }],
      [{ a: '1' }, {}],
      [ALL, { x: '1' }],
    ]) {
      const memory = after(...rows);
      for (const key of ['a', ...Object.keys(ALL)])
        assert.equal(isWithdrawn(memory, key, NOW), false, `${key} of ${JSON.stringify(rows)}`);
      assert.equal(isWithdrawn(memory, 'b_enabled', LATER), true);
    }
  });

  test('the ten minutes begin anew when it is emptied', () => {
    const memory = recordDesiredLabels(after(ALL), {}, LATER);
    assert.equal(isWithdrawn(memory, 'a_local', LATER + 599_999), false);
  });

  test('a label that is desired again is not withdrawn', () => {
    const { b_local: _, ...rest } = ALL;
    assert.equal(isWithdrawn(after(ALL, rest, ALL), 'b_local', LATER), false);
  });
});
