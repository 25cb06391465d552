import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMasterConfig } from '../../../../src/contract/cluster/master-config.ts';
import {
  recordConfig,
  recordFailure,
  recordSuccess,
} from '../../../../src/decide/cluster/membership-history.ts';

const CONFIG = decodeMasterConfig({ ip: '10.0.0.1' });
const first = recordConfig(undefined, CONFIG, { jitter: 0.5, nowMs: 1_000 });

describe('the history of joining', () => {
  test('begins with the first configuration, and goes on while that stays', () => {
    assert.deepEqual([first.sinceMs, first.failures, first.jitter], [1_000, 0, 0.5]);
    assert.equal(recordConfig(first, { ...CONFIG }, { jitter: 0.5, nowMs: 2_000 }), first);
  });

  test('counts failures in a row, and when the last one was', () => {
    const failed = recordFailure(recordFailure(first, 2_000), 3_000);
    assert.deepEqual([failed.failures, failed.lastFailureMs, failed.sinceMs], [2, 3_000, 1_000]);
    assert.equal(recordSuccess(failed).failures, 0);
  });

  test('begins anew with another server, or when the same one is disabled or insecure', () => {
    const failed = recordFailure(first, 2_000);
    for (const config of [
      decodeMasterConfig({ ip: '10.0.0.2' }),
      decodeMasterConfig({ ip: '10.0.0.1', port: '443' }),
      { ...CONFIG, isDisabled: true },
      { ...CONFIG, isInsecure: true },
    ]) {
      const next = recordConfig(failed, config, { jitter: 0.5, nowMs: 4_000 });
      assert.deepEqual([next.sinceMs, next.failures], [4_000, 0]);
    }
  });
});
