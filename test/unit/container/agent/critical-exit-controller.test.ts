import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CriticalExitController } from '../../../../src/container/agent/critical-exit-controller.ts';
import type { CriticalEnd } from '../../../../src/decide/health/critical-exit.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';

const policyOf = (autoRestart: string | undefined, rebootSinceMs?: number) => ({
  autoRestart,
  isUpStatusWanted: false,
  rebootSinceMs,
});
const DISABLED = policyOf('disabled');

const endOf = (process: string, text = `${process} was ended by a signal`): CriticalEnd => ({
  process,
  group: process,
  state: 'EXITED',
  exitStatus: -1,
  isExpected: false,
  text,
});
const REPORT = 'error: critical process snmpd was ended by a signal: the container is not ended, as ';

describe('the end of a critical process', () => {
  let clock: FakeClock;
  let log: FakeLog;
  let ends: CriticalEnd[];
  let kept: string[];
  let signals: number;
  let isEndable: boolean;
  let exit: CriticalExitController;
  const build = (mode: 'end' | 'report') =>
    new CriticalExitController(
      {
        clock,
        log,
        lastEnd: { read: () => '', write: (text) => kept.push(text) },
        listEnds: () => ends,
        namespace: 'host',
        findFeature: () => 'snmp',
        endSupervisor: () => {
          signals += 1;
          return isEndable;
        },
      },
      mode,
    );
  const die = (end: CriticalEnd, policy = DISABLED): void => {
    ends.push(end);
    exit.recordEnd(end, policy);
  };

  beforeEach(() => {
    clock = new FakeClock();
    log = new FakeLog();
    ends = [];
    kept = [];
    signals = 0;
    isEndable = true;
    exit = build('end');
  });

  test('is reported at once, and once a minute as long as it does not run (D14)', () => {
    die(endOf('snmpd'));
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      exit.reconcile(DISABLED);
    }
    assert.deepEqual(log.lines, [`${REPORT}auto_restart is disabled`]);
    clock.advance(1_000);
    exit.reconcile(DISABLED);
    const reports = log.lines.filter((line) => line.startsWith(REPORT));
    assert.equal(reports.length, 2);
    assert.deepEqual([signals, kept], [0, []]);
  });

  test('is not reported twice when a look tells of it before its event does', () => {
    die(endOf('snmpd'));
    clock.advance(700);
    exit.recordEnd(endOf('snmpd'), DISABLED);
    assert.equal(log.lines.length, 1);
    // It has got worse.
    exit.recordEnd({ ...endOf('snmpd', 'snmpd is FATAL'), state: 'FATAL' }, DISABLED);
    assert.equal(log.lines.length, 2);
  });

  test('is reported once a minute where it ends over and over, whatever words tell of it', () => {
    for (let second = 0; second < 600; second += 1) {
      die(endOf('snmpd', second % 2 === 0 ? 'snmpd exited unexpectedly' : 'snmpd exited with 3'));
      ends = [];
      exit.reconcile(DISABLED);
      clock.advance(1_000);
    }
    assert.equal(log.lines.length, 10);
  });

  test('of one process is reported beside that of another', () => {
    for (const name of ['snmpd', 'subagent', 'snmpd', 'subagent']) die(endOf(name));
    assert.equal(log.lines.length, 2);
  });

  test('is reported no more once it runs again, and at once when it ends again', () => {
    die(endOf('snmpd'));
    ends = [];
    exit.reconcile(DISABLED);
    clock.advance(120_000);
    exit.reconcile(DISABLED);
    assert.equal(log.lines.length, 1);
    die(endOf('snmpd'));
    assert.equal(log.lines.length, 2);
  });

  test('ends the container as soon as auto_restart is known and wants it, and says so once (D14)', () => {
    die(endOf('snmpd'), policyOf(undefined));
    assert.deepEqual(log.lines, [`${REPORT}auto_restart is not known yet`]);
    for (let second = 0; second < 9; second += 1) {
      exit.reconcile(policyOf('always_enabled'));
      clock.advance(1_000);
    }
    const why = 'critical process snmpd was ended by a signal';
    assert.equal(signals, 1);
    assert.deepEqual(kept, [`2026-01-02T03:04:05.000Z ${why}`]);
    assert.deepEqual(log.lines.slice(1), [
      "info: Process 'snmpd' exited unexpectedly. Terminating supervisor 'snmp'",
      `error: ${why}: ending supervisord, so that the container is started again`,
    ]);
    // supervisord has not heard.
    clock.advance(1_000);
    exit.reconcile(policyOf('enabled'));
    assert.deepEqual([signals, kept.length, log.lines.length], [2, 1, 3]);
  });

  test('is not forgotten when supervisord starts the process again before auto_restart is known (D14)', () => {
    die(endOf('snmpd'), policyOf(undefined));
    ends.length = 0;
    exit.reconcile(policyOf(undefined));
    assert.equal(signals, 0);
    exit.reconcile(policyOf('enabled'));
    assert.equal(signals, 1);
  });

  test('says what to do where supervisord can’t be ended, and tries again', () => {
    isEndable = false;
    die(endOf('snmpd'), policyOf('enabled'));
    assert.match(log.lines.at(-1) ?? '', /this user can't end supervisord; restart the container$/);
    clock.advance(10_000);
    exit.reconcile(policyOf('enabled'));
    assert.equal(signals, 2);
  });

  test('is left to another listener, whatever auto_restart wants', () => {
    exit = build('report');
    die(endOf('snmpd'), policyOf('enabled'));
    assert.deepEqual([signals, kept], [0, []]);
    assert.match(log.lines.join('\n'), /by CTRKIT_CRITICAL_EXIT$/);
  });

  test('ends nothing during a warm or fast reboot, and is decided on when that is over (G25)', () => {
    const during = policyOf('enabled', clock.bootMs());
    die(endOf('snmpd'), during);
    clock.advance(599_999);
    exit.reconcile(during);
    assert.equal(signals, 0);
    assert.match(log.lines.join('\n'), /not ended, as a warm or fast reboot is under way/);
    clock.advance(1);
    exit.reconcile(during);
    assert.equal(signals, 1);
  });

  const alertsOf = (): string[] => log.lines.filter((line) => line.includes("'"));

  test('is told every minute in the words of SONiC’s exit listener, while the process is down (H21)', () => {
    die(endOf('snmpd'));
    for (let second = 0; second < 185; second += 5) {
      exit.reconcile(DISABLED);
      clock.advance(5_000);
    }
    assert.deepEqual(
      alertsOf(),
      [1, 2, 3].map(
        (minutes) => `error: Process 'snmpd' is not running in namespace 'host' (${minutes} minutes).`,
      ),
    );
    ends = [];
    exit.reconcile(DISABLED);
    clock.advance(120_000);
    exit.reconcile(DISABLED);
    assert.equal(alertsOf().length, 3);
  });

  test('is told so where supervisord does not start the process again, known auto_restart or not (H21)', () => {
    die(endOf('snmpd'), policyOf(undefined));
    clock.advance(60_000);
    ends = [];
    exit.reconcile(policyOf(undefined));
    assert.deepEqual(alertsOf(), []);
    ends = [endOf('snmpd')];
    exit.reconcile(policyOf(undefined));
    assert.equal(alertsOf().length, 1);
  });

  test('is not told so where another exit listener does, nor of an end that was expected (H21)', () => {
    exit = build('report');
    die(endOf('snmpd'));
    clock.advance(60_000);
    exit.reconcile(DISABLED);
    exit = build('end');
    ends = [];
    die({ ...endOf('snmpd'), isExpected: true });
    clock.advance(60_000);
    exit.reconcile(DISABLED);
    assert.deepEqual(alertsOf(), []);
  });
});
