/** What a check counts as after its thresholds, as kubelet counts the runs of a probe. */
import type { CheckKind, CheckOutcome, CheckResult, CheckTiming } from '../../contract/health/check.ts';

type KnownOutcome = Exclude<CheckOutcome, { result: 'unknown' }>;

export interface CheckState {
  /** Of the last run. */
  readonly last: CheckOutcome;
  /** What it counts as; undefined as long as its runs have not told it. A run that is unknown changes nothing. */
  readonly known: KnownOutcome | undefined;
  /** Runs in a row that told the same. */
  readonly streak: { readonly result: CheckResult; readonly runs: number } | undefined;
  /** Boot clock: since when it is shown as it is. */
  readonly sinceMs: number;
}

/** A check and where it stands; undefined before its first run has ended. */
export interface CheckWithState {
  readonly name: string;
  readonly kind: CheckKind;
  readonly standing: CheckState | undefined;
}

export function advanceCheckState(
  before: CheckState | undefined,
  last: CheckOutcome,
  timing: Thresholds,
  nowMs: number,
): CheckState {
  const after = last.result === 'unknown' ? keep(before, last) : count(before, last, timing);
  const isSame = before !== undefined && resultOf(before) === resultOf({ ...after, sinceMs: 0 });
  return { ...after, sinceMs: isSame ? before.sinceMs : nowMs };
}

/** What people and the fold are shown. */
export const resultOf = ({ last, known }: CheckState): CheckResult =>
  last.result === 'unknown' ? 'unknown' : (known?.result ?? 'unknown');

type Thresholds = Pick<CheckTiming, 'failureThreshold' | 'successThreshold'>;
type Counted = Omit<CheckState, 'sinceMs'>;

const keep = (before: CheckState | undefined, last: CheckOutcome): Counted => ({
  last,
  known: before?.known,
  streak: before?.streak,
});

function count(
  before: CheckState | undefined,
  last: KnownOutcome,
  { failureThreshold, successThreshold }: Thresholds,
): Counted {
  const runs = before?.streak?.result === last.result ? before.streak.runs + 1 : 1;
  // `successThreshold` is for being ok again: what has never failed need not prove that it is mended.
  const enough = before?.known === undefined ? 1 : successThreshold;
  const isTold =
    runs >= (last.result === 'ok' ? enough : failureThreshold) || before?.known?.result === last.result;
  return {
    last,
    known: isTold ? last : before?.known,
    streak: { result: last.result, runs },
  };
}
