import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasStartCheck, judgeStart } from '../../../../src/decide/health/start-check.ts';
import { badExit, processStatus } from '../../../support/process-status.ts';

const START = { name: 'start', isNamed: false };

describe('the start check', () => {
  test('is ok when the program has exited with 0', () => {
    assert.deepEqual(judgeStart(START, processStatus('start', 'EXITED')), { result: 'ok', message: '' });
  });

  for (const [exitstatus, text] of [
    [3, 'start exited with 3'],
    [-1, 'start was ended by a signal'],
  ] as const) {
    test(`fails for good when it exited with ${exitstatus}, which the shipped probe took for ready (D13)`, () => {
      assert.deepEqual(judgeStart(START, badExit('start', exitstatus)), {
        result: 'failing',
        message: text,
        exitCode: 2,
        isMendedByRestart: false,
        isOfStart: true,
        isFinal: true,
      });
    });
  }

  test('fails for an exit that supervisord was told to expect, but that is not 0 (D13)', () => {
    const outcome = judgeStart(START, processStatus('start', 'EXITED', { exitstatus: 4 }));
    assert.equal(outcome.result, 'failing');
  });

  test('fails for good when it could not be started', () => {
    const outcome = judgeStart(START, processStatus('start', 'FATAL', { spawnerr: "can't find command" }));
    assert.deepEqual(outcome, {
      result: 'failing',
      message: "start is FATAL: can't find command",
      exitCode: 2,
      isMendedByRestart: false,
      isOfStart: true,
      isFinal: true,
    });
  });

  for (const state of ['RUNNING', 'STARTING', 'STOPPED', 'BACKOFF', 'STOPPING', 'UNKNOWN'] as const) {
    test(`fails for now while it is ${state}`, () => {
      assert.deepEqual(judgeStart(START, processStatus('start', state)), {
        result: 'failing',
        message: `start has not finished: it is ${state}`,
        exitCode: 2,
        isMendedByRestart: false,
        isOfStart: true,
      });
    });
  }

  test('fails where checks.toml names a program that is not there, and says what to do (D13)', () => {
    const outcome = judgeStart({ name: 'boot', isNamed: true }, undefined);
    assert.ok(outcome.result === 'failing' && outcome.exitCode === 2 && !outcome.isMendedByRestart);
    assert.match(outcome.message, /no program "boot".*checks\.toml names as startProgram/);
  });

  test('is none for an image without a program of the default name (G24)', () => {
    const start = processStatus('start', 'EXITED');
    const named = { name: 'start', isNamed: true };
    assert.equal(hasStartCheck(START, [processStatus('app', 'RUNNING')]), false);
    assert.equal(hasStartCheck(START, [start]), true);
    assert.equal(hasStartCheck({ name: 'boot:start', isNamed: false }, [start]), false);
    assert.equal(hasStartCheck(START, undefined), true, 'supervisord has not been asked yet');
    assert.equal(hasStartCheck(named, []), true, 'it was named');
    assert.equal(hasStartCheck({ name: '', isNamed: true }, [start]), false);
    assert.deepEqual(judgeStart(START, undefined), { result: 'ok', message: '' });
  });
});
