import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { CheckOutcome } from '../../src/contract/health/check.ts';
import { isHooksOwnCode, PROBE_EXIT } from '../../src/contract/exit-codes.ts';
import {
  advanceCheckState,
  selectResult,
  type CheckState,
  type CheckWithState,
} from '../../src/decide/health/check-state.ts';
import {
  decideHealth,
  type GateState,
  type HealthSettings,
  type HealthSnapshot,
} from '../../src/decide/health/decide-health.ts';
import { runsOf } from '../support/run-counts.ts';

const runs = runsOf(5_000);

const NOW_MS = 10_000_000;
/** Around the limits of the settings below. */
const agoMs = fc.oneof(
  fc.constantFrom(0, 1, 29_999, 30_000, 30_001, 60_000),
  fc.integer({ min: 0, max: 200_000 }),
);

const exitCode = fc.oneof(
  fc.constantFrom(...Object.values(PROBE_EXIT)),
  fc.integer({ min: 3, max: 125 }).filter(isHooksOwnCode),
);
const failing = fc.record({
  result: fc.constant('failing' as const),
  message: fc.constantFrom('', 'broken'),
  exitCode,
  isMendedByRestart: fc.boolean(),
  isOfStart: fc.boolean(),
  isFinal: fc.boolean(),
});
const outcome: fc.Arbitrary<CheckOutcome> = fc.oneof(
  fc.constant<CheckOutcome>({ result: 'ok', message: '' }),
  fc.constant<CheckOutcome>({ result: 'unknown', message: 'no answer' }),
  failing,
);
const timing = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  successThreshold: fc.integer({ min: 1, max: 4 }),
});
type Timing = typeof timing extends fc.Arbitrary<infer Value> ? Value : never;

/** A state that runs have led to, the last of them some time ago. */
const state = fc
  .record({
    outcomes: fc.array(outcome, { maxLength: 6 }),
    timing,
    lastAgoMs: agoMs,
    stepMs: fc.integer({ min: 0, max: 40_000 }),
  })
  .map(({ outcomes, timing: by, lastAgoMs, stepMs }) => {
    const endMs = NOW_MS - lastAgoMs;
    return outcomes.reduce<CheckState | undefined>(
      (before, last, i) => advanceCheckState(before, last, by, endMs - (outcomes.length - 1 - i) * stepMs),
      undefined,
    );
  });
const checkOf = (kind: 'required' | 'wanted') =>
  fc.record({
    name: fc.constantFrom('start', 'critical-processes', 'hook'),
    kind: fc.constant(kind),
    state,
  });
const check: fc.Arbitrary<CheckWithState> = fc.oneof(checkOf('required'), checkOf('wanted'));

const passed: fc.Arbitrary<GateState> = agoMs.map((ms) => ({ kind: 'passed', startedMs: NOW_MS - ms }));
const closed: fc.Arbitrary<GateState> = fc.oneof(
  fc.constant<GateState>({ kind: 'not-asked', text: '' }),
  fc.constantFrom<GateState>({ kind: 'waiting', text: 'wait' }, { kind: 'held', text: 'held' }),
);
const snapshotOf = (gate: fc.Arbitrary<GateState>): fc.Arbitrary<HealthSnapshot> =>
  fc.record({
    gate,
    isStopping: fc.boolean(),
    superseded: fc.constantFrom('', '', 'superseded: container b holds the feature'),
    rebootSinceMs: fc.constantFrom(undefined, undefined, NOW_MS - 1),
    checks: fc.array(check, { maxLength: 4 }),
    hasStarted: fc.boolean(),
    nowMs: fc.constant(NOW_MS),
  });
const snapshot = snapshotOf(fc.oneof({ weight: 3, arbitrary: passed }, { weight: 1, arbitrary: closed }));
/** Let in, not stopping, the claim its own: only the checks decide. */
const running = snapshotOf(passed).map((one) => ({ ...one, isStopping: false, superseded: '' }));
const settings: fc.Arbitrary<HealthSettings> = fc.record({
  startupGraceMs: fc.constantFrom(0, 30_000, 60_000),
  unknownAfterMs: fc.constant(30_000),
  isHeldReady: fc.boolean(),
});

const required = ({ checks }: HealthSnapshot) => checks.filter(({ kind }) => kind === 'required');
const isOk = (one: CheckWithState): boolean => one.state !== undefined && selectResult(one.state) === 'ok';

/** The law holds for whatever the snapshot and the settings are. */
function law(
  of: fc.Arbitrary<HealthSnapshot>,
  holds: (one: HealthSnapshot, by: HealthSettings, verdict: ReturnType<typeof decideHealth>) => void,
): void {
  fc.assert(
    fc.property(of, settings, (one, by) => holds(one, by, decideHealth(one, by))),
    runs,
  );
}

describe('the verdict, whatever the checks say', () => {
  test('has three answers that a probe may end with', () => {
    const legal = new Set<number>([0, ...Object.values(PROBE_EXIT)]);
    law(snapshot, (_one, _by, { answers }) => {
      for (const code of Object.values(answers))
        assert.ok(legal.has(code) || isHooksOwnCode(code), String(code));
    });
  });

  test('never asks for a restart while starting or stopping, or at a gate that is closed', () => {
    law(snapshot, ({ gate }, _by, { status, answers }) => {
      if (status === 'starting' || status === 'stopping' || gate.kind !== 'passed')
        assert.equal(answers.liveness, 0);
    });
  });

  test('is healthy without a reason, and never anything else without one', () => {
    law(snapshot, (_one, _by, { status, reason }) => assert.equal(reason === '', status === 'healthy'));
  });

  test('is healthy only once it has started, and what has started stays so', () => {
    law(snapshot, ({ hasStarted }, _by, verdict) => {
      if (hasStarted) assert.equal(verdict.hasStarted, true);
      if (verdict.status === 'healthy') assert.equal(verdict.hasStarted, true);
    });
  });

  test('is not ready, and not live, when the claim is another’s', () => {
    law(snapshot, ({ gate, isStopping, superseded }, _by, { status, answers, countsAsHealthy }) => {
      if (isStopping || gate.kind !== 'passed' || superseded === '') return;
      assert.deepEqual([status, countsAsHealthy], ['degraded', false]);
      assert.ok(answers.readiness !== 0 && answers.liveness !== 0);
    });
  });

  test('counts towards certification only while it is healthy or degraded, and every required check is ok (D18)', () => {
    law(snapshot, (one, _by, { status, countsAsHealthy }) => {
      if (!countsAsHealthy) return;
      assert.ok(status === 'healthy' || status === 'degraded');
      assert.ok(required(one).every(isOk));
    });
  });

  test('never counts what is failing as healthy (D13)', () => {
    law(running, (one, _by, { status, answers }) => {
      if (!required(one).some((each) => each.state?.known?.result === 'failing')) return;
      assert.ok(status === 'unhealthy' || status === 'starting');
      assert.notEqual(answers.readiness, 0);
    });
  });

  test('what is given up for good is unhealthy at once, not a start-up (D13)', () => {
    law(running, (one, _by, { status }) => {
      const known = required(one).map(({ state: each }) => each?.known);
      if (known.some((each) => each?.result === 'failing' && each.isFinal === true))
        assert.equal(status, 'unhealthy');
    });
  });

  test('is unhealthy only for what a required check was told to be', () => {
    law(running, (one, _by, { status }) => {
      if (status === 'unhealthy')
        assert.ok(required(one).some((each) => each.state?.known?.result === 'failing'));
    });
  });

  test('asks for a restart only for a required check whose last run told it', () => {
    law(running, (one, by, { answers, hasStarted }) => {
      if (answers.liveness === 0) return;
      const told = required(one).flatMap(({ state: each }) =>
        each !== undefined && each.last.result !== 'unknown' && each.known?.result === 'failing'
          ? [each.known]
          : [],
      );
      const isLate = one.gate.kind === 'passed' && NOW_MS >= one.gate.startedMs + by.startupGraceMs;
      assert.ok(
        told.some((each) => each.isMendedByRestart || (each.isOfStart === true && !hasStarted && isLate)),
      );
    });
  });

  test('is ready only while every required check that has run is known to be ok, and was within the time', () => {
    law(running, (one, by, { answers, hasStarted }) => {
      if (answers.readiness !== 0) return;
      assert.equal(hasStarted, true);
      for (const { state: checkState } of required(one)) {
        if (checkState === undefined) continue;
        assert.notEqual(checkState.known?.result, 'failing');
        if (checkState.last.result === 'unknown') assert.ok(NOW_MS < checkState.sinceMs + by.unknownAfterMs);
      }
    });
  });
});

describe('what a check can do to the verdict', () => {
  test('one that is only wanted changes no answer, and makes nothing unhealthy', () => {
    fc.assert(
      fc.property(snapshot, settings, fc.array(checkOf('wanted'), { maxLength: 3 }), (one, by, wanted) => {
        const without = decideHealth({ ...one, checks: required(one) }, by);
        const all = decideHealth({ ...one, checks: [...required(one), ...wanted] }, by);
        assert.deepEqual(
          [all.answers, all.hasStarted, all.countsAsHealthy],
          [without.answers, without.hasStarted, without.countsAsHealthy],
        );
        if (all.status !== without.status)
          assert.deepEqual([without.status, all.status], ['healthy', 'degraded']);
      }),
      runs,
    );
  });

  test('one that turns unknown makes nothing unhealthy, and asks for no restart', () => {
    fc.assert(
      fc.property(snapshot, settings, timing, fc.nat(3), (one, by, thresholds, which) => {
        const unknown = { result: 'unknown', message: 'no answer' } as const;
        const checks = one.checks.map((each, i) =>
          i === which ? { ...each, state: advanceCheckState(each.state, unknown, thresholds, NOW_MS) } : each,
        );
        const before = decideHealth(one, by);
        const after = decideHealth({ ...one, checks }, by);
        if (after.status === 'unhealthy') assert.equal(before.status, 'unhealthy');
        if (after.answers.liveness !== 0) assert.notEqual(before.answers.liveness, 0);
      }),
      runs,
    );
  });

  test('the order of the checks decides on which code is told, and on nothing else', () => {
    law(running, (one, by, verdict) => {
      const turned = decideHealth({ ...one, checks: one.checks.toReversed() }, by);
      assert.deepEqual([turned.status, turned.countsAsHealthy], [verdict.status, verdict.countsAsHealthy]);
      for (const probe of ['startup', 'readiness', 'liveness'] as const)
        assert.equal(turned.answers[probe] === 0, verdict.answers[probe] === 0, probe);
    });
  });
});

/** As a person would count, from the beginning each time. */
function recount(
  outcomes: readonly CheckOutcome[],
  { failureThreshold, successThreshold }: Timing,
): CheckOutcome | undefined {
  const told = outcomes.filter(({ result }) => result !== 'unknown');
  let known: CheckOutcome | undefined;
  told.forEach((one, i) => {
    // What has never failed need not prove that it is mended.
    const enough = known === undefined ? 1 : successThreshold;
    const threshold = one.result === 'ok' ? enough : failureThreshold;
    const lately = told.slice(Math.max(0, i + 1 - threshold), i + 1);
    const isEnough = lately.length === threshold && lately.every(({ result }) => result === one.result);
    if (isEnough || known?.result === one.result) known = one;
  });
  return known;
}

describe('what a check counts as', () => {
  test('is what a plain recount of its runs says', () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1, maxLength: 30 }), timing, (outcomes, by) => {
        let at: CheckState | undefined;
        outcomes.forEach((one, i) => {
          at = advanceCheckState(at, one, by, NOW_MS + i * 10_000);
          assert.deepEqual(at.known, recount(outcomes.slice(0, i + 1), by));
          assert.equal(at.last, one);
        });
      }),
      runs,
    );
  });

  test('has been shown so since the run that first showed it', () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1, maxLength: 30 }), timing, (outcomes, by) => {
        let at: CheckState | undefined;
        let shown: string | undefined;
        let sinceMs = 0;
        outcomes.forEach((one, i) => {
          const nowMs = NOW_MS + i * 10_000;
          at = advanceCheckState(at, one, by, nowMs);
          if (selectResult(at) !== shown) sinceMs = nowMs;
          shown = selectResult(at);
          assert.equal(at.sinceMs, sinceMs);
        });
      }),
      runs,
    );
  });
});
