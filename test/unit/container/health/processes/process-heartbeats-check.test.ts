import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ProcessHeartbeatsCheck } from '../../../../../src/container/health/processes/process-heartbeats-check.ts';
import { ProcessWatch } from '../../../../../src/container/health/processes/process-watch.ts';
import { DEFAULT_TIMING } from '../../../../../src/contract/health/check.ts';
import type { ProcessEntry } from '../../../../../src/contract/health/process-list.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeProcessTable } from '../../../../support/fake-process-table.ts';
import { processStatus } from '../../../../support/process-status.ts';

describe('the check of process heartbeats', () => {
  let table: FakeProcessTable;
  let clock: FakeClock;
  let check: ProcessHeartbeatsCheck;
  let isRebooting: boolean;

  beforeEach(() => {
    table = new FakeProcessTable([processStatus('orchagent', 'RUNNING')]);
    clock = new FakeClock();
    const listWatched = (): ProcessEntry[] => [{ kind: 'program', name: 'orchagent' }];
    const watch = new ProcessWatch({ table, clock }, listWatched);
    const intervalsOf = () => ({ heartbeatIntervalMs: 10_000, alertIntervalMs: 60_000 });
    isRebooting = false;
    const ports = { watch, clock, listWatched, intervalsOf, isRebooting: () => isRebooting };
    check = new ProcessHeartbeatsCheck(ports, DEFAULT_TIMING);
  });

  const event = (name: string, pid = 100, processname = 'orchagent'): void =>
    check.applyEvent({ name, payload: { processname, groupname: processname, pid: String(pid) } });
  const beat = (pid?: number): void => event('PROCESS_COMMUNICATION_STDOUT', pid);
  /** Runs it each period; the last outcome. */
  const runFor = async (ms: number, each: () => void = () => {}) => {
    let outcome = await check.run();
    for (let passed = 0; passed < ms; passed += DEFAULT_TIMING.periodMs) {
      clock.advance(DEFAULT_TIMING.periodMs);
      each();
      outcome = await check.run();
    }
    return outcome;
  };

  test('is ok while the process beats, and fails within two periods of the alert interval when it does not (D15)', async () => {
    assert.equal((await runFor(300_000, beat)).result, 'ok');
    assert.equal((await runFor(60_000)).result, 'ok');
    const { result, message } = await runFor(20_000);
    assert.deepEqual([result, message], ['failing', 'orchagent has not beaten for 80 s']);
    beat();
    assert.equal((await check.run()).result, 'ok');
  });

  test('sees a process that never beats (D15)', async () => {
    assert.match((await runFor(80_000)).message, /never beaten since it runs, 80 s/);
  });

  test('judges nobody during a warm or fast reboot, and from its end on again (G25)', async () => {
    assert.equal((await runFor(60_000, beat)).result, 'ok');
    isRebooting = true;
    assert.deepEqual(await runFor(300_000), {
      result: 'ok',
      message: 'not judged: a warm or fast reboot is under way',
    });
    isRebooting = false;
    assert.equal((await runFor(60_000)).result, 'ok');
    assert.equal((await runFor(20_000)).result, 'failing');
  });

  test('gives a process its whole time again after a loss of events, once', async () => {
    assert.equal((await runFor(60_000, beat)).result, 'ok');
    assert.equal((await runFor(60_000)).result, 'ok');
    check.restartAges();
    assert.equal((await runFor(60_000)).result, 'ok');
    assert.equal((await runFor(20_000)).result, 'failing');
  });

  test('takes no beat of another process for its own', async () => {
    await check.run();
    assert.equal(
      (await runFor(80_000, () => event('PROCESS_COMMUNICATION_STDOUT', 7, 'other'))).result,
      'failing',
    );
  });

  test('lets a process that was started again start anew, although no event told so (D15)', async () => {
    beat();
    await runFor(60_000);
    table.run('orchagent', 101);
    // The look that finds the other pid is one period later.
    assert.equal((await runFor(70_000)).result, 'ok');
    assert.match((await runFor(20_000)).message, /never beaten/);
  });

  test('forgets a process that has ended, by the event and by the look', async () => {
    beat();
    event('PROCESS_STATE_EXITED');
    event('PROCESS_STATE_STARTING', NaN);
    event('PROCESS_STATE_RUNNING', 101);
    table.run('orchagent', 101);
    assert.match((await runFor(80_000)).message, /never beaten/);
    table.set(processStatus('orchagent', 'EXITED'));
    assert.equal((await runFor(70_000)).result, 'ok');
  });

  test('knows a beat that came before the process was RUNNING', async () => {
    beat(101);
    event('PROCESS_STATE_RUNNING', 101);
    table.run('orchagent', 101);
    assert.match((await runFor(80_000)).message, /has not beaten for/);
  });

  test('does not take a stalled supervisord for a dead process: ages begin anew afterwards', async () => {
    await runFor(20_000, beat);
    table.isStalled = true;
    assert.equal((await runFor(120_000)).result, 'unknown');
    table.isStalled = false;
    clock.advance(10_000);
    assert.equal((await check.run()).result, 'unknown');
    assert.equal((await runFor(60_000)).result, 'ok');
    assert.equal((await runFor(20_000)).result, 'failing');
  });

  test('lets ages begin anew after a single look that supervisord did not answer', async () => {
    beat();
    await runFor(50_000);
    clock.advance(10_000);
    table.isStalled = true;
    assert.equal((await check.run()).result, 'unknown');
    table.isStalled = false;
    clock.advance(10_000);
    assert.equal((await check.run()).result, 'unknown');
    assert.equal((await runFor(60_000)).result, 'ok');
    assert.equal((await runFor(20_000)).result, 'failing');
  });

  test('does not take its own pause for a dead process', async () => {
    await runFor(20_000, beat);
    clock.advance(600_000);
    const { result, message } = await check.run();
    assert.deepEqual([result, message], ['unknown', 'beats may have been held up: waiting for new ones']);
    assert.equal((await runFor(60_000)).result, 'ok');
    assert.equal((await runFor(20_000)).result, 'failing');
  });

  test('does not look at the wall clock', async () => {
    await runFor(20_000, beat);
    clock.stepWallClock(365 * 86_400_000);
    assert.equal((await check.run()).result, 'ok');
    clock.stepWallClock(-2 * 365 * 86_400_000);
    assert.equal((await runFor(80_000)).result, 'failing');
  });
});
