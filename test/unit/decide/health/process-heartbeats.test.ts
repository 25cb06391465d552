import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckOutcome } from '../../../../src/contract/health/check.ts';
import {
  judgeProcessHeartbeats,
  observeProcesses,
  restartAges,
  type BeatRecord,
} from '../../../../src/decide/health/process-heartbeats.ts';
import { processStatus } from '../../../support/process-status.ts';

const NOW_MS = 1_000_000;
const running = processStatus('orchagent', 'RUNNING');

const judge = (ageMs: number, more: Partial<BeatRecord> = {}, process = running): CheckOutcome =>
  judgeProcessHeartbeats(
    [process],
    new Map([['orchagent:orchagent', { pid: 100, fromMs: NOW_MS - ageMs, hasBeaten: true, ...more }]]),
    {
      nowMs: NOW_MS,
      heardUntilMs: NOW_MS,
      intervalsOf: () => ({ heartbeatIntervalMs: 10_000, alertIntervalMs: 60_000 }),
    },
  );

describe('a process that promises to beat', () => {
  test('is well within its interval and some slack', () => {
    assert.deepEqual(judge(15_000), { result: 'ok', message: '' });
  });

  test('is late beyond that, and still ok', () => {
    assert.deepEqual(judge(15_001), {
      result: 'ok',
      message: 'orchagent beats late: the last was 15 s ago',
    });
    assert.equal(judge(60_000).result, 'ok');
  });

  test('is dead beyond its alert interval, and a restart mends it (D15)', () => {
    assert.deepEqual(judge(60_001), {
      result: 'failing',
      message: 'orchagent has not beaten for 60 s',
      exitCode: 10,
      isMendedByRestart: true,
    });
  });

  test('that has never beaten is seen, and told apart: a restart does not mend it (D15)', () => {
    assert.deepEqual(judge(60_000, { hasBeaten: false }), { result: 'ok', message: '' });
    assert.deepEqual(judge(60_001, { hasBeaten: false }), {
      result: 'failing',
      message: 'orchagent has never beaten since it runs, 60 s: does it emit heartbeats?',
      exitCode: 10,
      isMendedByRestart: false,
    });
  });

  for (const state of ['EXITED', 'STOPPED', 'STARTING', 'FATAL'] as const) {
    test(`is not judged while it is ${state} (D15)`, () => {
      assert.equal(judge(99_000, {}, processStatus('orchagent', state)).result, 'ok');
    });
  }

  test('is not dead before its own interval is over, whatever the alert interval is', () => {
    const records = new Map([['orchagent:orchagent', { pid: 100, fromMs: 0, hasBeaten: true }]]);
    const intervalsOf = () => ({ heartbeatIntervalMs: 10_000, alertIntervalMs: 1_000 });
    const at = (nowMs: number) =>
      judgeProcessHeartbeats([running], records, { nowMs, heardUntilMs: nowMs, intervalsOf }).result;
    assert.deepEqual([at(10_000), at(10_001)], ['ok', 'failing']);
  });
});

describe('the records of beats', () => {
  const records = new Map([['orchagent:orchagent', { pid: 100, fromMs: 7, hasBeaten: true }]]);

  test('are kept as long as the process is the same', () => {
    assert.deepEqual(observeProcesses(records, [running], NOW_MS), records);
  });

  test('start anew with another pid, and end with the process (D15)', () => {
    const [record] = observeProcesses(records, [{ ...running, pid: 101 }], NOW_MS).values();
    assert.deepEqual(record, { pid: 101, fromMs: NOW_MS, hasBeaten: false });
    assert.equal(observeProcesses(records, [processStatus('orchagent', 'EXITED')], NOW_MS).size, 0);
    assert.equal(observeProcesses(records, [], NOW_MS).size, 0);
  });

  test('keep what they know of beats when ages begin anew', () => {
    const [record] = restartAges(records, NOW_MS).values();
    assert.deepEqual(record, { pid: 100, fromMs: NOW_MS, hasBeaten: true });
  });
});
