import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CriticalEnds } from '../../../../../src/container/health/processes/critical-ends.ts';
import type { CriticalEnd } from '../../../../../src/decide/health/critical-exit.ts';
import { badExit, processStatus } from '../../../../support/process-status.ts';

const UNEXPECTED = { from_state: 'RUNNING', expected: '0', pid: '100' };

describe('the ends of critical processes', () => {
  let told: CriticalEnd[];
  let unexpectedExits: number;
  let ends: CriticalEnds;

  beforeEach(() => {
    told = [];
    unexpectedExits = 0;
    ends = new CriticalEnds(
      () => [
        { kind: 'program', name: 'a' },
        { kind: 'group', name: 'pool' },
      ],
      {
        onCriticalEnd: (end) => told.push(end),
        onUnexpectedExit: () => (unexpectedExits += 1),
      },
    );
  });

  const event = (state: string, payload: Record<string, string> = {}): void =>
    ends.applyEvent({
      name: `PROCESS_STATE_${state}`,
      payload: { processname: 'a', groupname: 'a', from_state: 'RUNNING', ...payload },
    });
  const texts = (): string[] => told.map(({ text }) => text);

  test('are told once, with the exit status that supervisord is asked for', () => {
    event('EXITED', UNEXPECTED);
    assert.deepEqual(told, []);
    ends.observeProcesses([badExit('a', 3)]);
    ends.observeProcesses([badExit('a', 3)]);
    const end = {
      process: 'a',
      group: 'a',
      state: 'EXITED',
      exitStatus: 3,
      isExpected: false,
      text: 'a exited with 3',
    };
    assert.deepEqual(told, [end]);
    assert.deepEqual(ends.list, [end]);
  });

  test('are told although supervisord has started the process again by the time it is asked (D14)', () => {
    event('EXITED', UNEXPECTED);
    ends.observeProcesses([processStatus('a', 'RUNNING')]);
    assert.deepEqual(texts(), ['a exited unexpectedly']);
  });

  test('are forgotten when the process is seen to run again', () => {
    event('EXITED', UNEXPECTED);
    ends.observeProcesses([processStatus('a', 'RUNNING')]);
    ends.observeProcesses([processStatus('a', 'RUNNING')]);
    assert.deepEqual(ends.list, []);
    event('EXITED', UNEXPECTED);
    ends.observeProcesses([badExit('a', 4)]);
    assert.deepEqual(texts(), ['a exited unexpectedly', 'a exited with 4']);
  });

  test('are told when supervisord can’t be asked', () => {
    event('FATAL');
    ends.reportAll();
    ends.reportAll();
    assert.deepEqual(texts(), ['a is FATAL']);
    assert.equal(told[0]?.state, 'FATAL');
  });

  test('are seen without their events, which came before the agent did', () => {
    ends.observeProcesses([
      badExit('a', -1),
      processStatus('b', 'FATAL', { group: 'pool', spawnerr: 'no such file' }),
    ]);
    assert.deepEqual(texts(), ['a was ended by a signal', 'pool:b is FATAL (no such file)']);
    assert.deepEqual(
      told.map(({ isExpected }) => isExpected),
      [false, false],
    );
  });

  test('that were expected count only if the process stays down', () => {
    event('EXITED', { ...UNEXPECTED, expected: '1' });
    ends.observeProcesses([processStatus('a', 'RUNNING')]);
    assert.deepEqual(told, []);
    ends.observeProcesses([processStatus('a', 'EXITED', { exitstatus: 2 })]);
    assert.deepEqual(
      told.map(({ exitStatus, isExpected }) => [exitStatus, isExpected]),
      [[2, true]],
    );
  });

  test('are those of critical processes only', () => {
    event('EXITED', { ...UNEXPECTED, processname: 'x', groupname: 'x' });
    event('FATAL', { processname: 'x', groupname: 'x' });
    ends.reportAll();
    assert.deepEqual([told, unexpectedExits], [[], 0]);
    event('FATAL', { processname: 'x', groupname: 'pool' });
    ends.reportAll();
    assert.deepEqual(texts(), ['pool:x is FATAL']);
  });

  test('are no ends once supervisord stops: it gives up what it was retrying', () => {
    ends.applyEvent({ name: 'SUPERVISOR_STATE_CHANGE_STOPPING', payload: {} });
    event('BACKOFF');
    event('FATAL');
    ends.reportAll();
    ends.observeProcesses([processStatus('a', 'FATAL')]);
    assert.deepEqual([told, unexpectedExits], [[], 0]);
  });

  test('count as restarts when unexpected, whether the process ran long enough or not', () => {
    for (const state of ['STARTING', 'BACKOFF', 'STARTING', 'RUNNING', 'STOPPING', 'STOPPED']) event(state);
    event('EXITED', UNEXPECTED);
    event('EXITED', { ...UNEXPECTED, expected: '1' });
    event('FATAL');
    assert.equal(unexpectedExits, 2);
  });
});
