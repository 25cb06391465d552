import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeMemory } from '../../../../../src/container/adapters/builtin/memory.ts';

const MIB = 1024 * 1024;
const limitBytes = 128 * MIB;

describe('the memory check', () => {
  test('below its percentage it is ok, and says how much', () => {
    assert.deepEqual(judgeMemory({ usedBytes: 64 * MIB, limitBytes }, 90), {
      result: 'ok',
      message: 'uses 50 % of 128 MiB',
    });
  });

  test('from its percentage on it is failing', () => {
    assert.deepEqual(judgeMemory({ usedBytes: 64 * MIB, limitBytes }, 50), {
      result: 'failing',
      message: 'uses 50 % of 128 MiB, the limit is 50 %',
    });
    assert.equal(judgeMemory({ usedBytes: 64 * MIB - 1, limitBytes }, 50).result, 'ok');
  });

  test('what is just below is not shown as over', () => {
    assert.equal(judgeMemory({ usedBytes: 64 * MIB - 1, limitBytes }, 50).message, 'uses 49 % of 128 MiB');
  });

  test('without a limit it is ok, whatever is used', () => {
    assert.deepEqual(judgeMemory({ usedBytes: 64 * MIB, limitBytes: undefined }, 1), {
      result: 'ok',
      message: 'uses 64 MiB, no limit',
    });
  });
});
