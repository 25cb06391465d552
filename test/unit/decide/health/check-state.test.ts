import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckOutcome } from '../../../../src/contract/health/check.ts';
import {
  advanceCheckState,
  selectResult,
  type CheckState,
} from '../../../../src/decide/health/check-state.ts';
import { FAILING, OK, UNKNOWN } from '../../../support/fake-check.ts';

const ONCE = { failureThreshold: 1, successThreshold: 1 };

/** Runs 10 s apart, the first at 10 s. */
function stateAfter(outcomes: readonly CheckOutcome[], thresholds = ONCE): CheckState {
  let at: CheckState | undefined;
  outcomes.forEach((outcome, i) => {
    at = advanceCheckState(at, outcome, thresholds, (i + 1) * 10_000);
  });
  assert.ok(at !== undefined);
  return at;
}

const shown = (outcomes: readonly CheckOutcome[], thresholds = ONCE) =>
  outcomes.map((_, i) => selectResult(stateAfter(outcomes.slice(0, i + 1), thresholds)));

describe('what a check counts as', () => {
  test('without thresholds it is what its last run said', () => {
    assert.deepEqual(shown([OK, FAILING, UNKNOWN, OK]), ['ok', 'failing', 'unknown', 'ok']);
  });

  test('it fails with the run that reaches the threshold, not before', () => {
    const thresholds = { failureThreshold: 3, successThreshold: 1 };
    assert.deepEqual(shown([OK, FAILING, FAILING, FAILING], thresholds), ['ok', 'ok', 'ok', 'failing']);
    assert.deepEqual(shown([OK, FAILING, FAILING, OK, FAILING], thresholds), ['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  test('it is ok again with the run that reaches the other threshold', () => {
    const thresholds = { failureThreshold: 1, successThreshold: 2 };
    assert.deepEqual(shown([FAILING, OK, OK], thresholds), ['failing', 'failing', 'ok']);
  });

  test('a run that could not tell is shown, and neither breaks nor makes a row', () => {
    const thresholds = { failureThreshold: 2, successThreshold: 1 };
    assert.deepEqual(shown([OK, FAILING, UNKNOWN, FAILING], thresholds), ['ok', 'ok', 'unknown', 'failing']);
    assert.deepEqual(shown([OK, UNKNOWN, UNKNOWN, UNKNOWN], thresholds).at(-1), 'unknown');
  });

  test('what was told last stays known while it can’t be told, and how old it is', () => {
    const at = stateAfter([OK, FAILING, UNKNOWN, UNKNOWN]);
    assert.deepEqual([at.known, at.last], [FAILING, UNKNOWN]);
  });

  test('as long as the first runs have not told, it is unknown', () => {
    const at = stateAfter([FAILING], { failureThreshold: 2, successThreshold: 1 });
    assert.deepEqual([selectResult(at), at.known], ['unknown', undefined]);
  });

  test('one that fails for another reason is shown with the latest', () => {
    const worse: CheckOutcome = { ...FAILING, message: 'worse', exitCode: 1 };
    assert.deepEqual(stateAfter([FAILING, worse], { failureThreshold: 2, successThreshold: 1 }).known, worse);
    assert.deepEqual(stateAfter([FAILING, worse]).known, worse);
  });

  test('since when it is so is the run that changed what is shown', () => {
    assert.equal(stateAfter([OK, OK, OK]).sinceMs, 10_000);
    assert.equal(stateAfter([OK, FAILING, FAILING]).sinceMs, 20_000);
    assert.equal(stateAfter([OK, UNKNOWN, OK]).sinceMs, 30_000);
    assert.equal(stateAfter([OK, FAILING], { failureThreshold: 2, successThreshold: 1 }).sinceMs, 10_000);
  });
});
