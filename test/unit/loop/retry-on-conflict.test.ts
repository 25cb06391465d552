import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONFLICT, retryOnConflict } from '../../../src/loop/retry-on-conflict.ts';

/** Conflicts so often, then answers with how often it was asked. */
function conflictTimes(conflicts: number) {
  let attempts = 0;
  const attempt = (): Promise<number | typeof CONFLICT> => {
    attempts += 1;
    return Promise.resolve(attempts <= conflicts ? CONFLICT : attempts);
  };
  return { attempt, count: () => attempts };
}

describe('a guarded write that other writers come between', () => {
  test('without a conflict is made once, and its result is the result', async () => {
    const { attempt, count } = conflictTimes(0);
    assert.equal(await retryOnConflict(attempt), 1);
    assert.equal(count(), 1);
  });

  test('is made again from the reading on until nobody does', async () => {
    assert.equal(await retryOnConflict(conflictTimes(7).attempt), 8);
    assert.equal(await retryOnConflict(conflictTimes(19).attempt), 20);
  });

  test('ends with the conflict when it was made so often', async () => {
    const { attempt, count } = conflictTimes(20);
    assert.equal(await retryOnConflict(attempt), CONFLICT);
    assert.equal(count(), 20);
  });

  test('pauses between attempts, told how many conflicts there were, and not after the last', async () => {
    const pauses: number[] = [];
    const pause = async (conflicts: number): Promise<void> => void pauses.push(conflicts);
    await retryOnConflict(conflictTimes(9).attempt, { maxAttempts: 3, pause });
    assert.deepEqual(pauses, [1, 2]);
    await retryOnConflict(conflictTimes(0).attempt, { maxAttempts: 9, pause });
    assert.deepEqual(pauses, [1, 2]);
  });

  test('that fails otherwise is not made again', async () => {
    let attempts = 0;
    const failing = retryOnConflict(() => {
      attempts += 1;
      return Promise.reject(new Error('no database'));
    });
    await assert.rejects(failing, /no database/);
    assert.equal(attempts, 1);
  });

  test('may have undefined and false as its result', async () => {
    assert.equal(await retryOnConflict(async () => undefined, { maxAttempts: 2 }), undefined);
    assert.equal(await retryOnConflict(async () => false, { maxAttempts: 2 }), false);
  });
});
