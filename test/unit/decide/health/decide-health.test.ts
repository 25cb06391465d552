import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckKind, CheckOutcome } from '../../../../src/contract/health/check.ts';
import { advanceCheckState, type CheckWithState } from '../../../../src/decide/health/check-state.ts';
import { decideHealth, type HealthSnapshot } from '../../../../src/decide/health/decide-health.ts';
import { FAILING, FATAL, OK, UNKNOWN } from '../../../support/fake-check.ts';

const STARTED_MS = 1_000_000;
const GRACE_MS = 60_000;
const NOW_MS = STARTED_MS + 300_000;
const SETTINGS = { startupGraceMs: GRACE_MS, unknownAfterMs: 30_000, isHeldReady: false };

/** Its runs, 10 s apart, the last one now; none is a check that has not run yet. */
function check(
  name: string,
  outcomes: readonly CheckOutcome[],
  kind: CheckKind = 'required',
): CheckWithState {
  const thresholds = { failureThreshold: 1, successThreshold: 1 };
  const state = outcomes.reduce<CheckWithState['state']>(
    (before, last, i) =>
      advanceCheckState(before, last, thresholds, NOW_MS - (outcomes.length - 1 - i) * 10_000),
    undefined,
  );
  return { name, kind, state };
}

const decide = (over: Partial<HealthSnapshot>, settings = SETTINGS) =>
  decideHealth(
    {
      gate: { kind: 'passed', startedMs: STARTED_MS },
      isStopping: false,
      rebootSinceMs: undefined,
      superseded: '',
      checks: [],
      hasStarted: true,
      nowMs: NOW_MS,
      ...over,
    },
    settings,
  );

/** Status, then startup, readiness, liveness. */
function told(over: Partial<HealthSnapshot>, settings = SETTINGS) {
  const { status, answers } = decide(over, settings);
  return [status, answers.startup, answers.readiness, answers.liveness];
}

describe('the verdict before the application runs', () => {
  test('while the gate has not been asked it is starting, and has not started', () => {
    assert.deepEqual(told({ gate: { kind: 'not-asked', text: '' }, hasStarted: false }), [
      'starting',
      2,
      2,
      0,
    ]);
  });

  test('a start that failed before its gate let it go has failed, and liveness fails when the grace is over', () => {
    const since = (startFailedMs: number) =>
      told({ gate: { kind: 'not-asked', text: 'start was killed', startFailedMs }, hasStarted: false });
    assert.deepEqual(since(NOW_MS - SETTINGS.startupGraceMs + 1), ['unhealthy', 2, 2, 0]);
    assert.deepEqual(since(NOW_MS - SETTINGS.startupGraceMs), ['unhealthy', 2, 2, 2]);
  });

  test('while the gate waits no start-up probe may fail: a restart would only wait again', () => {
    const verdict = { gate: { kind: 'waiting', text: 'waits for the host' }, hasStarted: false } as const;
    assert.deepEqual(told(verdict), ['starting', 0, 2, 0]);
    assert.equal(decide(verdict).reason, 'waits for the host');
  });

  test('asked again and closed, it is degraded, not ready and not golden, whatever its checks say; a restart would mend nothing (F4)', () => {
    const held = { kind: 'held', text: 'held (feature-disabled): off' } as const;
    for (const outcome of [OK, FAILING, FATAL, UNKNOWN])
      for (const hasStarted of [true, false]) {
        const over = { askedAgain: held, hasStarted, checks: [check('app', [outcome])] };
        assert.deepEqual(told(over), ['degraded', 0, 12, 0]);
        assert.deepEqual(told(over, { ...SETTINGS, isHeldReady: true }), ['degraded', 0, 0, 0]);
        assert.deepEqual(told({ ...over, askedAgain: { ...held, kind: 'waiting' } }), ['degraded', 0, 2, 0]);
        const { countsAsHealthy, reason } = decide(over);
        assert.deepEqual(
          [countsAsHealthy, reason],
          [false, 'the gate was asked again, and is closed: held (feature-disabled): off'],
        );
      }
    assert.equal(told({ askedAgain: held, superseded: 'another one runs' })[3], 1);
    assert.equal(told({ askedAgain: held, isStopping: true })[0], 'stopping');
  });

  test('held it is not ready with a code of its own, or ready where that is wanted', () => {
    const held = { gate: { kind: 'held', text: 'held (owner-is-local)' }, hasStarted: false } as const;
    assert.deepEqual(told(held), ['starting', 0, 12, 0]);
    assert.deepEqual(told(held, { ...SETTINGS, isHeldReady: true }), ['starting', 0, 0, 0]);
  });

  test('held and served it is ready, as long as that is known, and nothing else changes: it counts for no image (HF3)', () => {
    const gate = { kind: 'held', text: 'held (version-is-local)', servedUntilMs: NOW_MS + 1 } as const;
    const over = { gate, hasStarted: false };
    assert.deepEqual(told(over), ['starting', 0, 0, 0]);
    assert.deepEqual([decide(over).countsAsHealthy, decide(over).reason], [false, gate.text]);
    assert.deepEqual(told({ ...over, nowMs: NOW_MS + 1 }), ['starting', 0, 12, 0]);
    assert.deepEqual(told({ ...over, isStopping: true }), ['stopping', 0, 13, 0]);
    assert.deepEqual(told({ ...over, gate: { ...gate, kind: 'waiting' } }), ['starting', 0, 2, 0]);
    // Beside a claim of its own the other one is not what runs here.
    assert.deepEqual(told({ askedAgain: gate }), ['degraded', 0, 12, 0]);
  });

  test('what was superseded and is at the gate again is not restarted: that is where a restart would lead', () => {
    const gates = [
      { kind: 'not-asked', text: '' },
      { kind: 'held', text: 'held' },
      { kind: 'waiting', text: 'wait' },
    ] as const;
    for (const gate of gates) assert.equal(told({ gate, superseded: 'superseded: by b' })[3], 0, gate.kind);
  });
});

describe('the verdict during the start-up', () => {
  const early = { nowMs: STARTED_MS + GRACE_MS - 1, hasStarted: false };
  const late = { nowMs: STARTED_MS + GRACE_MS, hasStarted: false };

  test('what fails is a start-up that goes on until its time is over, and then is tried again', () => {
    const checks = [check('start', [FAILING])];
    assert.deepEqual(told({ ...early, checks }), ['starting', 10, 10, 0]);
    assert.deepEqual(told({ ...late, checks }), ['unhealthy', 10, 10, 10]);
  });

  test('what no start-up gets further by neither holds it up nor is restarted for, however long it takes', () => {
    const peerAway: CheckOutcome = { ...FAILING, exitCode: 1, isOfStart: false };
    const checks = [check('start', [OK]), check('peer', [peerAway])];
    assert.deepEqual(told({ ...early, checks }), ['unhealthy', 0, 1, 0]);
    assert.deepEqual(told({ ...late, checks }), ['unhealthy', 0, 1, 0]);
  });

  test('a process that is FATAL ends it at once (D13)', () => {
    assert.deepEqual(told({ ...early, checks: [check('critical-processes', [FATAL])] }), [
      'unhealthy',
      10,
      10,
      10,
    ]);
  });

  test('a start script that failed is unhealthy at once, and restarted only when the time is over (D13)', () => {
    const failed: CheckOutcome = { ...FAILING, exitCode: 2, isFinal: true };
    const checks = [check('start', [failed])];
    assert.deepEqual(told({ ...early, checks }), ['unhealthy', 2, 2, 0]);
    assert.deepEqual(told({ ...late, checks }), ['unhealthy', 2, 2, 2]);
  });

  test('what has not run, or can’t be told, is no failure: never restarted for', () => {
    for (const [outcomes, lateCode] of [
      [[], 2],
      [[UNKNOWN], 2],
    ] as const) {
      const checks = [check('start', outcomes)];
      assert.deepEqual(told({ ...early, checks }), ['starting', 2, 2, 0]);
      assert.deepEqual(told({ ...late, checks }), ['degraded', lateCode, lateCode, 0]);
    }
  });

  test('it is over with the first time that every required check is ok, long before its time', () => {
    const verdict = decide({ ...early, checks: [check('start', [OK]), check('hook', [FAILING], 'wanted')] });
    assert.deepEqual([verdict.status, verdict.hasStarted, verdict.countsAsHealthy], ['degraded', true, true]);
    assert.deepEqual(verdict.answers, { startup: 0, readiness: 0, liveness: 0 });
  });

  test('what fails afterwards is no start-up any more, though its time is not over', () => {
    const checks = [check('critical-processes', [OK, FAILING])];
    assert.deepEqual(told({ ...early, hasStarted: true, checks }), ['unhealthy', 0, 10, 0]);
  });
});

describe('the verdict while the application runs', () => {
  test('healthy is every check ok, and has no reason', () => {
    const verdict = decide({ checks: [check('start', [OK]), check('extra', [OK], 'wanted')] });
    assert.deepEqual([verdict.status, verdict.reason, verdict.countsAsHealthy], ['healthy', '', true]);
  });

  test('the readiness is the code of the first check that fails, and the reason names all of them', () => {
    const verdict = decide({
      checks: [
        check('start', [OK]),
        check('hook', [{ ...FAILING, exitCode: 42, message: 'no answer to GET' }]),
        check('critical-processes', [FAILING]),
      ],
    });
    assert.deepEqual([verdict.status, verdict.answers.readiness], ['unhealthy', 42]);
    assert.equal(verdict.reason, 'hook: no answer to GET; critical-processes: broken');
  });

  test('liveness fails only with the check that a restart would mend', () => {
    const mended: CheckOutcome = { ...FAILING, exitCode: 77, isMendedByRestart: true };
    assert.deepEqual(told({ checks: [check('a', [FAILING])] }), ['unhealthy', 0, 10, 0]);
    assert.deepEqual(told({ checks: [check('a', [FAILING]), check('b', [mended])] }), [
      'unhealthy',
      0,
      10,
      77,
    ]);
  });

  test('a wanted check that fails or can’t be told degrades and does nothing else', () => {
    for (const outcome of [FATAL, UNKNOWN]) {
      const verdict = decide({ checks: [check('start', [OK]), check('extra', [outcome], 'wanted')] });
      assert.equal(verdict.status, 'degraded');
      assert.deepEqual(verdict.answers, { startup: 0, readiness: 0, liveness: 0 });
      assert.equal(verdict.countsAsHealthy, true);
      assert.match(verdict.reason, /^extra: /);
    }
  });

  test('unknown is not failing and not healthy: it stops the healthy clock, and restarts nothing', () => {
    const verdict = decide({ checks: [check('critical-processes', [OK, UNKNOWN])] });
    assert.deepEqual([verdict.status, verdict.countsAsHealthy], ['degraded', false]);
    assert.deepEqual(verdict.answers, { startup: 0, readiness: 0, liveness: 0 });
    assert.equal(verdict.reason, 'critical-processes: no answer');
  });

  test('what can’t be told for long is not ready: the last answer has gone stale', () => {
    const lately = check('critical-processes', [OK, UNKNOWN, UNKNOWN]);
    const forLong = check('critical-processes', [OK, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]);
    assert.deepEqual(told({ checks: [lately] }), ['degraded', 0, 0, 0]);
    assert.deepEqual(told({ checks: [forLong] }), ['degraded', 0, 11, 0]);
    assert.deepEqual(told({ checks: [check('new', [UNKNOWN])] }), ['degraded', 0, 0, 0]);
  });

  test('what was failing and can’t be told now stays unhealthy, but nobody is restarted for it', () => {
    assert.deepEqual(told({ checks: [check('critical-processes', [FATAL, UNKNOWN])] }), [
      'unhealthy',
      0,
      10,
      0,
    ]);
  });

  test('a required check that has just been added changes no answer before its first run', () => {
    const verdict = decide({ checks: [check('start', [OK]), check('added', [])] });
    assert.deepEqual(verdict.answers, { startup: 0, readiness: 0, liveness: 0 });
    assert.deepEqual([verdict.countsAsHealthy, verdict.reason], [false, 'added: not run yet']);
  });

  test('a check without words is told by its result', () => {
    assert.equal(decide({ checks: [check('a', [{ ...FAILING, message: '' }])] }).reason, 'a: failing');
  });

  test('without checks it is healthy', () => {
    assert.deepEqual(told({ hasStarted: false }), ['healthy', 0, 0, 0]);
  });
});

describe('the verdict at the end', () => {
  test('a claim that another container has taken fails every probe: the restart meets the gate', () => {
    const verdict = decide({ superseded: 'superseded: container b', checks: [check('start', [OK])] });
    assert.deepEqual(
      [verdict.status, verdict.reason, verdict.countsAsHealthy],
      ['degraded', 'superseded: container b', false],
    );
    assert.deepEqual(verdict.answers, { startup: 1, readiness: 1, liveness: 1 });
  });

  test('during a warm or fast reboot no restart is asked for, for ten minutes at most (G25)', () => {
    const checks = [check('critical-processes', [FATAL])];
    assert.deepEqual(told({ checks, rebootSinceMs: NOW_MS - 599_999 }), ['unhealthy', 0, 10, 0]);
    assert.deepEqual(told({ checks, rebootSinceMs: NOW_MS - 600_000 }), ['unhealthy', 0, 10, 10]);
  });

  test('stopping is not ready and live, whatever fails meanwhile', () => {
    const checks = [check('critical-processes', [FATAL])];
    assert.deepEqual(told({ isStopping: true, superseded: 'by b', checks }), ['stopping', 0, 13, 0]);
  });
});
