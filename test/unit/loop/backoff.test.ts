import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideBackoffMs } from '../../../src/contract/backoff.ts';
import { Backoff, DATABASE_BACKOFF } from '../../../src/loop/backoff.ts';

describe('the wait before the next try', () => {
  test('of a database it doubles from a tenth of a second up to two seconds', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) =>
      decideBackoffMs(DATABASE_BACKOFF, failures, 0.999_999),
    );
    assert.deepEqual(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('is spread over the upper half, so that many callers do not come at once', () => {
    assert.equal(decideBackoffMs(DATABASE_BACKOFF, 3, 0), 200);
    assert.equal(decideBackoffMs(DATABASE_BACKOFF, 3, 0.5), 300);
  });

  test('is the whole of it without jitter', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((failures) => decideBackoffMs({ firstMs: 30_000, longestMs: 200_000 }, failures)),
      [30_000, 60_000, 120_000, 200_000],
    );
  });

  test('stays the longest however long it has been failing', () => {
    for (const failures of [100, 10_000, Number.MAX_SAFE_INTEGER]) {
      assert.equal(decideBackoffMs(DATABASE_BACKOFF, failures, 0), 1_000);
      assert.equal(decideBackoffMs({ firstMs: 0, longestMs: 1_000 }, failures), 0);
    }
  });

  test('is never zero: a caller that tries at once would take the processor for itself', () => {
    for (const failures of [-1, 0, 1, 2]) assert.ok(decideBackoffMs(DATABASE_BACKOFF, failures, 0) >= 50);
  });
});

describe('failures in a row', () => {
  test('make each wait longer, and a success begins anew', () => {
    const backoff = new Backoff(DATABASE_BACKOFF, () => 0);
    assert.equal(backoff.failures, 0);
    assert.deepEqual(
      [backoff.recordFailure(), backoff.recordFailure(), backoff.recordFailure()],
      [50, 100, 200],
    );
    assert.equal(backoff.failures, 3);
    backoff.recordSuccess();
    assert.equal(backoff.failures, 0);
    assert.equal(backoff.recordFailure(), 50);
  });

  test('jitter is drawn anew for each, or there is none', () => {
    const chances = [0, 0.5];
    const spread = new Backoff(DATABASE_BACKOFF, () => chances.shift() ?? 0);
    assert.deepEqual([spread.recordFailure(), spread.recordFailure()], [50, 150]);
    const plain = new Backoff(DATABASE_BACKOFF, undefined);
    assert.deepEqual([plain.recordFailure(), plain.recordFailure()], [100, 200]);
  });
});
