/**
 * A check: one thing that is looked at again and again to tell whether the feature is well (contract.md, section 4).
 */

/** `wanted`: its failing is reported and degrades; `required`: it makes the container unhealthy. */
export type CheckKind = 'required' | 'wanted';

/** What one run of a check found. `message` is one line for people, empty when there is nothing to say. */
export type CheckOutcome =
  | { readonly result: 'ok'; readonly message: string }
  /** It could not be told: neither well nor failing. */
  | { readonly result: 'unknown'; readonly message: string }
  | {
      readonly result: 'failing';
      readonly message: string;
      /** What the readiness probe ends with (contract.md, section 5). */
      readonly exitCode: number;
      /** Whether starting the container anew would mend it: only then liveness fails too. */
      readonly isMendedByRestart: boolean;
      /** The start-up is still under way with it, or went wrong: one that takes too long is tried again. */
      readonly isOfStart?: boolean;
      /** It will not get well by waiting: a start-up is over with it. */
      readonly isFinal?: boolean;
    };

export type CheckResult = CheckOutcome['result'];

/** When a check runs and how often it must say the same, in the words of a Kubernetes probe. */
export interface CheckTiming {
  /** After the gate has let the application go. */
  readonly initialDelayMs: number;
  readonly periodMs: number;
  /** Of one run. */
  readonly timeoutMs: number;
  /** Failing runs in a row before the check counts as failing. */
  readonly failureThreshold: number;
  /** Good runs in a row before it counts as ok again. */
  readonly successThreshold: number;
}

/** Noticed within one period plus the limit; patience is left to who asks, kubelet's own failureThreshold say. */
export const DEFAULT_TIMING: CheckTiming = {
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 5_000,
  failureThreshold: 1,
  successThreshold: 1,
};
