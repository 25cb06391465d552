import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideBackoffMs } from '../../../src/loop/backoff.ts';

describe('the wait before the next try', () => {
  test('doubles from a tenth of a second up to two seconds', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) => decideBackoffMs(failures, 0.999_999));
    assert.deepEqual(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('is spread over the upper half, so that many callers do not come at once', () => {
    assert.equal(decideBackoffMs(3, 0), 200);
    assert.equal(decideBackoffMs(3, 0.5), 300);
  });

  test('stays two seconds however long it has been failing', () => {
    for (const failures of [100, 10_000, Number.MAX_SAFE_INTEGER])
      assert.equal(decideBackoffMs(failures, 0), 1_000);
  });

  test('is never zero: a caller that tries at once would take the processor for itself', () => {
    for (const failures of [0, 1, 2]) assert.ok(decideBackoffMs(failures, 0) >= 25);
  });
});
