import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holdCaller, lookAtCaller } from '../../../../src/container/gate/caller-hold.ts';
import { EXIT } from '../../../../src/contract/exit-codes.ts';
import type { CallerState, StoppedCaller } from '../../../../src/ports/stopped-caller.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';

class FakeCaller implements StoppedCaller {
  state: CallerState = 'stopped';
  readonly signals: string[] = [];

  readonly readState = (): CallerState => this.state;
  readonly signal = (signal: string): void => void this.signals.push(signal);
}

function prepare(exitCodes: readonly number[]) {
  const [caller, clock, log] = [new FakeCaller(), new FakeClock(), new FakeLog()];
  const left = [...exitCodes];
  let runs = 0;
  const end = holdCaller({ caller, clock, log }, () => {
    runs += 1;
    const exitCode = left.shift();
    return exitCode === undefined ? new Promise<number>(() => {}) : Promise.resolve(exitCode);
  });
  return { caller, clock, log, end, countRuns: () => runs };
}

describe('the caller that the drop-in has stopped', () => {
  test('goes on when the gate says go, and then only', async () => {
    const { caller, end } = prepare([EXIT.ok]);
    assert.equal(await end, EXIT.ok);
    assert.deepEqual(caller.signals, ['SIGCONT']);
  });

  test('stays stopped after any other end, and the gate is run again after a minute', async () => {
    const { caller, clock, log, end, countRuns } = prepare([EXIT.usage, EXIT.defect, EXIT.ok]);
    await clock.pass(59_000);
    assert.equal(countRuns(), 1);
    await clock.pass(120_000);
    assert.equal(await end, EXIT.ok);
    assert.deepEqual(caller.signals, ['SIGCONT']);
    const line = (code: number) =>
      `error: held: the gate ended with ${code}, the application is not started; asking again in 60 s`;
    assert.deepEqual(log.lines, [line(EXIT.usage), line(EXIT.defect)]);
  });

  test('is let go on to its end if it is told to end, while the gate runs and after it', async () => {
    for (const exitCodes of [[], [EXIT.usage]]) {
      const { caller, clock } = prepare(exitCodes);
      await clock.pass(10);
      caller.state = 'asked-to-end';
      await clock.pass(1_000);
      assert.deepEqual(caller.signals, ['SIGTERM', 'SIGCONT']);
    }
  });

  test('is stopped again if it goes on and does not end', () => {
    const caller = new FakeCaller();
    caller.state = 'running';
    lookAtCaller(caller);
    assert.deepEqual(caller.signals, ['SIGSTOP']);
    caller.state = 'stopped';
    lookAtCaller(caller);
    assert.deepEqual(caller.signals, ['SIGSTOP']);
  });

  test('ends the hold by its own end', async () => {
    const { caller, clock, end } = prepare([EXIT.usage]);
    await clock.pass(10);
    caller.state = 'gone';
    await clock.pass(1_000);
    assert.equal(await end, 129);
    assert.deepEqual(caller.signals, []);
  });
});
