import type { CheckKind, CheckOutcome, CheckTiming } from '../contract/health/check.ts';

export interface Check {
  /** Unique among the checks of a container; printable, short. */
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  /**
   * One run. Resolves within `timing.timeoutMs` and what it takes to clean up, never rejects: what could not be told is
   * `unknown`. Never called again before it has resolved.
   */
  readonly run: () => Promise<CheckOutcome>;
}

/** Where checks come from. Asked before each round, because hooks come and go with their files. */
export interface CheckSource {
  /** In the order in which their failures are reported. A check that was there before is the same object. */
  readonly list: () => readonly Check[];
}
