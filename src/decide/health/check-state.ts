/** The state of a check after its thresholds. Runs are counted as kubelet counts the runs of a probe. */
import type { CheckKind, CheckOutcome, CheckResult, CheckTiming } from '../../contract/health/check.ts';

type KnownOutcome = Exclude<CheckOutcome, { result: 'unknown' }>;

export interface CheckState {
  /** Outcome of the last run. */
  readonly last: CheckOutcome;
  /** The outcome that counts; undefined until enough runs agreed. A run whose result is unknown does not change it. */
  readonly known: KnownOutcome | undefined;
  /** Runs in a row with the same result. */
  readonly streak: { readonly result: CheckResult; readonly runs: number } | undefined;
  /** Boot clock: since when `selectResult` has returned the same. */
  readonly sinceMs: number;
}

/** A check and its state, which is undefined until its first run has ended. */
export interface CheckWithState {
  readonly name: string;
  readonly kind: CheckKind;
  readonly state: CheckState | undefined;
}

/** Returns the state after one more run, whose outcome is `last`. */
export function advanceCheckState(
  before: CheckState | undefined,
  last: CheckOutcome,
  timing: Thresholds,
  nowMs: number,
): CheckState {
  const after = last.result === 'unknown' ? keepKnown(before, last) : countRun(before, last, timing);
  const isSame = before !== undefined && selectResult(before) === selectResult({ ...after, sinceMs: 0 });
  return { ...after, sinceMs: isSame ? before.sinceMs : nowMs };
}

/** Returns the result that is reported and that `decideHealth` uses. */
export const selectResult = ({ last, known }: CheckState): CheckResult =>
  last.result === 'unknown' ? 'unknown' : (known?.result ?? 'unknown');

type Thresholds = Pick<CheckTiming, 'failureThreshold' | 'successThreshold'>;
type Counted = Omit<CheckState, 'sinceMs'>;

const keepKnown = (before: CheckState | undefined, last: CheckOutcome): Counted => ({
  last,
  known: before?.known,
  streak: before?.streak,
});

function countRun(
  before: CheckState | undefined,
  last: KnownOutcome,
  { failureThreshold, successThreshold }: Thresholds,
): Counted {
  const runs = before?.streak?.result === last.result ? before.streak.runs + 1 : 1;
  // `successThreshold` is for a check that has failed: the first ok of a check counts at once.
  const enough = before?.known === undefined ? 1 : successThreshold;
  const isKnown =
    runs >= (last.result === 'ok' ? enough : failureThreshold) || before?.known?.result === last.result;
  return {
    last,
    known: isKnown ? last : before?.known,
    streak: { result: last.result, runs },
  };
}
