/**
 * A check: one condition of a healthy feature, which is tested periodically (contract.md, section 4).
 */

/** A failing `required` check makes the container unhealthy; a failing `wanted` check makes it degraded. */
export type CheckKind = 'required' | 'wanted';

/** The outcome of one run of a check. `message` is one line for people, empty when there is nothing to say. */
export type CheckOutcome =
  | { readonly result: 'ok'; readonly message: string }
  /** The run could not find out: neither ok nor failing. */
  | { readonly result: 'unknown'; readonly message: string }
  | {
      readonly result: 'failing';
      readonly message: string;
      /** Exit code of the readiness probe (contract.md, section 5). */
      readonly exitCode: number;
      /** Whether a restart of the container would make the check ok: only then liveness fails too. */
      readonly isMendedByRestart: boolean;
      /** The failure is part of a start-up, under way or failed: a start-up that takes too long is tried again. */
      readonly isOfStart?: boolean;
      /** Waiting does not make the check ok: the start-up has failed. */
      readonly isFinal?: boolean;
    };

export type CheckResult = CheckOutcome['result'];

/** When a check runs, and how many equal results it takes, in the terms of a Kubernetes probe. */
export interface CheckTiming {
  /** Counted from the moment the gate let the application go. */
  readonly initialDelayMs: number;
  readonly periodMs: number;
  /** Time limit of one run. */
  readonly timeoutMs: number;
  /** Failing runs in a row before the check counts as failing. */
  readonly failureThreshold: number;
  /** Good runs in a row before it counts as ok again. */
  readonly successThreshold: number;
}

/** A failure shows within one period plus the limit. Patience is left to the caller, such as kubelet's failureThreshold. */
export const DEFAULT_TIMING: CheckTiming = {
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 5_000,
  failureThreshold: 1,
  successThreshold: 1,
};
