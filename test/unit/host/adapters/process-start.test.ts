import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../../src/adapters/clock.ts';
import { readStartMs } from '../../../../src/host/adapters/process-start.ts';

describe('the start of a process', () => {
  test('is on the boot clock', () => {
    const startMs = readStartMs(process.pid);
    const expectedMs = systemClock.bootMs() - process.uptime() * 1_000;
    assert.ok(startMs !== undefined && Math.abs(startMs - expectedMs) < 60_000, `${startMs} ${expectedMs}`);
  });

  test('is none of a process that does not run', () => {
    assert.equal(readStartMs(2 ** 30), undefined);
  });
});
