import type { CheckKind, CheckOutcome, CheckTiming } from '../contract/health/check.ts';

/** One check of the container's health (contract/health/check.ts). */
export interface Check {
  /** Unique among the checks of a container; printable, short. */
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  /**
   * Runs the check once. Resolves within `timing.timeoutMs` plus the time to clean up. Never rejects: a run that could not
   * find out is `unknown`. Not called again before it has resolved.
   */
  readonly run: () => Promise<CheckOutcome>;
}

/** A source of checks. It is asked before each round, because hooks come and go with their files. */
export interface CheckSource {
  /** Lists them in the order in which their failures are reported. A check that was there before is the same object. */
  readonly list: () => readonly Check[];
}
