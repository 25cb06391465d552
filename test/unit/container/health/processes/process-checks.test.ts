import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ProcessChecks } from '../../../../../src/container/health/processes/process-checks.ts';
import type { CheckOutcome } from '../../../../../src/contract/health/check.ts';
import type { ProcessEntry } from '../../../../../src/contract/health/process-list.ts';
import type { CriticalEnd } from '../../../../../src/decide/health/critical-exit.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeProcessTable } from '../../../../support/fake-process-table.ts';
import { badExit, processStatus } from '../../../../support/process-status.ts';
import { until } from '../../../../support/until.ts';

describe('the checks over supervisord’s programs', () => {
  let table: FakeProcessTable;
  let critical: ProcessEntry[];
  let watched: ProcessEntry[];
  let ends: CriticalEnd[];
  let changes: (readonly string[])[];
  let checks: ProcessChecks;
  let startProgram: string;
  let isNamed: boolean;
  let unknown: string[];
  let clock: FakeClock;

  beforeEach(() => {
    table = new FakeProcessTable([processStatus('start', 'EXITED'), processStatus('snmpd', 'RUNNING')]);
    critical = [{ kind: 'program', name: 'snmpd' }];
    watched = [];
    ends = [];
    changes = [];
    startProgram = 'start';
    isNamed = false;
    unknown = [];
    clock = new FakeClock();
    checks = new ProcessChecks({
      table,
      clock,
      listCritical: () => ({ entries: critical, errors: ['F, line 2: bad'] }),
      listWatched: () => ({ entries: watched, errors: [] }),
      startProgram: () => ({ name: startProgram, isNamed }),
      isRebooting: () => false,
      onUnknownEntry: ({ kind, name }) => unknown.push(`${kind}:${name}`),
      intervalsOf: () => ({ heartbeatIntervalMs: 10_000, alertIntervalMs: 60_000 }),
      onChange: (names) => changes.push(names),
      onCriticalEnd: (end) => ends.push(end),
      onUnexpectedExit: () => {},
    });
  });

  const outcomes = async (): Promise<Record<string, CheckOutcome['result']>> =>
    Object.fromEntries(
      await Promise.all(
        checks.list().map(async (check) => [check.name, (await check.run()).result] as const),
      ),
    );
  const event = (name: string, processname: string, more: Record<string, string> = {}): void =>
    checks.applyEvent({ name, payload: { processname, groupname: processname, ...more } });

  test('are start and critical-processes, required both, and ask supervisord once', async () => {
    assert.deepEqual(await outcomes(), { start: 'ok', 'critical-processes': 'ok' });
    assert.ok(checks.list().every(({ kind }) => kind === 'required'));
    assert.deepEqual(table.calls, ['all']);
  });

  test('are those of heartbeats too where a process promises any, and the same ones each time', () => {
    watched = [{ kind: 'program', name: 'snmpd' }];
    assert.deepEqual(
      checks.list().map(({ name }) => name),
      ['start', 'critical-processes', 'process-heartbeats'],
    );
    assert.ok(checks.list().every((check, index) => check === checks.list()[index]));
  });

  test('ask for the program that starts the feature by its name, with its group or without, and for none where none does', async () => {
    isNamed = true;
    table.set({ ...processStatus('boot', 'EXITED'), group: 'first' });
    const answers: Record<string, string | undefined> = {};
    for (startProgram of ['boot', 'first:boot', 'second:boot', ''])
      answers[startProgram] = (await outcomes())['start'];
    assert.deepEqual(answers, { boot: 'ok', 'first:boot': 'ok', 'second:boot': 'failing', '': undefined });
    changes = [];
    checks.applyEvent({ name: 'PROCESS_STATE_EXITED', payload: { processname: 'boot', groupname: 'first' } });
    assert.deepEqual(changes, []);
  });

  test('are all unknown, and not failing, while supervisord does not answer', async () => {
    watched = [{ kind: 'program', name: 'snmpd' }];
    table.isStalled = true;
    assert.deepEqual(await outcomes(), {
      start: 'unknown',
      'critical-processes': 'unknown',
      'process-heartbeats': 'unknown',
    });
    assert.deepEqual(checks.getErrors(), ['F, line 2: bad']);
  });

  test('leave out a critical name that supervisord never has, and fail where it has none of them (G26)', async () => {
    critical = [
      { kind: 'program', name: 'snmpd' },
      { kind: 'program', name: 'dsserve' },
    ];
    assert.equal((await outcomes())['critical-processes'], 'ok');
    critical = [{ kind: 'program', name: 'dsserve' }];
    clock.advance(10_000);
    assert.equal((await outcomes())['critical-processes'], 'failing');
  });

  test('judge by a reading of what was wanted: a list that is written anew meanwhile is none of it', async () => {
    critical = [];
    await outcomes();
    await clock.pass(1_000);
    const underWay = outcomes();
    critical = [{ kind: 'program', name: 'snmpd' }];
    assert.equal((await underWay)['critical-processes'], 'ok');
    assert.equal((await checks.readPrograms())?.critical.length, 1);
    assert.equal((await outcomes())['critical-processes'], 'ok');
  });

  test('tell of an end with its status before they are run', async () => {
    table.set(badExit('snmpd', 3));
    event('PROCESS_STATE_EXITED', 'snmpd', { expected: '0' });
    await until('the end is told', () => ends.length === 1);
    assert.equal(ends[0]?.text, 'snmpd exited with 3');
    assert.deepEqual(checks.criticalEnds, ends);
    assert.deepEqual(changes, [['start', 'critical-processes']]);
  });

  test('want to run once a second at most, however often a process ends', async () => {
    for (let count = 0; count < 100; count += 1) event('PROCESS_STATE_EXITED', 'snmpd', { expected: '0' });
    assert.equal(changes.length, 1);
    clock.advance(1_000);
    assert.equal(changes.length, 2);
    clock.advance(5_000);
    assert.equal(changes.length, 2);
    event('PROCESS_STATE_RUNNING', 'snmpd');
    assert.equal(changes.length, 3);
  });

  test('after a loss of events want to run, and ask supervisord for all programs anew', async () => {
    await outcomes();
    clock.advance(100);
    table.set(processStatus('snmpd', 'FATAL'));
    assert.deepEqual(await outcomes(), { start: 'ok', 'critical-processes': 'ok' }, 'shared for a second');
    checks.applyLoss();
    assert.deepEqual(changes, [['start', 'critical-processes']]);
    assert.deepEqual(await outcomes(), { start: 'ok', 'critical-processes': 'failing' });
    assert.deepEqual(table.calls, ['all', 'all']);
  });

  test('stopped they leave no timer behind', () => {
    event('PROCESS_STATE_EXITED', 'snmpd', { expected: '0' });
    checks.stop();
    assert.equal(clock.timerCount, 0);
  });

  test('care for no program that is on no list', () => {
    event('PROCESS_STATE_EXITED', 'other', { expected: '0' });
    checks.applyEvent({ name: 'SUPERVISOR_STATE_CHANGE_RUNNING', payload: {} });
    checks.applyEvent({ name: 'PROCESS_STATE_EXITED', payload: {} });
    assert.deepEqual(changes, []);
  });

  test('tell once of names that supervisord does not have, which fail nothing (G26)', async () => {
    critical.push({ kind: 'program', name: 'dsserve' }, { kind: 'group', name: 'none' });
    watched = [{ kind: 'program', name: 'dsserve' }];
    assert.equal((await outcomes())['critical-processes'], 'ok');
    assert.deepEqual(unknown, ['program:dsserve', 'group:none']);
    assert.deepEqual(checks.getErrors(), ['F, line 2: bad'], 'they are no fault of the configuration');
    event('PROCESS_GROUP_ADDED', 'other');
    await outcomes();
    assert.equal(unknown.length, 2);
  });

  test('leave out start where supervisord has no such program, until it has one (G24)', async () => {
    table.remove('start');
    assert.equal((await outcomes())['critical-processes'], 'ok');
    assert.deepEqual(
      checks.list().map(({ name }) => name),
      ['critical-processes'],
    );
    table.set(processStatus('start', 'RUNNING'));
    event('PROCESS_GROUP_ADDED', 'start');
    assert.equal(checks.list().length, 1, 'a stale listing is better than a check that comes and goes');
    await outcomes();
    assert.equal((await outcomes())['start'], 'failing');
  });
});
