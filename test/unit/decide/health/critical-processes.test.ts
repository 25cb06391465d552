import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProcessState } from '../../../../src/contract/health/process.ts';
import { judgeCriticalProcesses } from '../../../../src/decide/health/critical-processes.ts';
import { findUnknownEntries, selectProcesses } from '../../../../src/decide/health/process-selection.ts';
import { badExit, processStatus } from '../../../support/process-status.ts';

const running = processStatus('a', 'RUNNING');

describe('the critical processes', () => {
  test('are ok when all run, or there are none', () => {
    assert.deepEqual(judgeCriticalProcesses([running]), { result: 'ok', message: '' });
    assert.deepEqual(judgeCriticalProcesses([]), { result: 'ok', message: '' });
  });

  const states: readonly [ProcessState, boolean, boolean][] = [
    ['FATAL', true, true],
    ['EXITED', true, false],
    ['BACKOFF', false, false],
    ['STARTING', false, false],
    ['STOPPED', false, false],
    ['STOPPING', false, false],
    ['UNKNOWN', false, false],
  ];
  for (const [state, isMendedByRestart, isFinal] of states) {
    test(`fail when one is ${state}; mended by a restart: ${isMendedByRestart} (D13)`, () => {
      const outcome = judgeCriticalProcesses([running, processStatus('b', state)]);
      assert.ok(outcome.result === 'failing');
      assert.deepEqual(
        [outcome.exitCode, outcome.isMendedByRestart, outcome.isFinal],
        [10, isMendedByRestart, isFinal],
      );
    });
  }

  test('are all named, with their group and what is known of their end', () => {
    const outcome = judgeCriticalProcesses([
      badExit('b', 3),
      processStatus('c', 'FATAL', { group: 'pool', spawnerr: "can't find command 'c'" }),
      running,
    ]);
    assert.equal(outcome.message, "b exited with 3, pool:c is FATAL (can't find command 'c')");
    assert.ok(outcome.result === 'failing' && outcome.isFinal === true && outcome.isMendedByRestart);
  });
});

describe('the entries of a list', () => {
  const processes = [
    processStatus('a', 'RUNNING'),
    processStatus('b', 'RUNNING', { group: 'pool' }),
    processStatus('c', 'RUNNING', { group: 'pool' }),
  ];
  const names = (kind: 'program' | 'group', name: string) =>
    selectProcesses([{ kind, name }], processes).map((process) => process.name);

  test('mean a program wherever it is grouped, and all members of a group', () => {
    assert.deepEqual(names('program', 'b'), ['b']);
    assert.deepEqual(names('group', 'pool'), ['b', 'c']);
    assert.deepEqual(names('group', 'a'), ['a']);
    assert.deepEqual(names('program', 'pool'), []);
  });

  test('that name nothing are found', () => {
    const pool = { kind: 'program', name: 'pool' } as const;
    assert.deepEqual(findUnknownEntries([pool, { kind: 'group', name: 'pool' }], processes), [pool]);
  });
});
