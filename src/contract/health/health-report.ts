/** All that is known of a container's health at one instant: for the heartbeat, the HTTP answers and people. */
import type { CheckKind, CheckResult } from './check.ts';
import type { ProbeAnswers } from './health-line.ts';

export type HealthStatus = 'starting' | 'healthy' | 'degraded' | 'unhealthy' | 'stopping';

export interface CheckReport {
  readonly name: string;
  readonly kind: CheckKind;
  /** After its thresholds. */
  readonly result: CheckResult;
  /** Boot clock: when it became so. */
  readonly sinceMs: number;
  /** One line for people. */
  readonly message: string;
}

export interface HealthReport {
  /** Empty until the gate has let the application go. */
  readonly feature: string;
  readonly version: string;
  readonly owner: string;
  readonly status: HealthStatus;
  /** One line for people, empty when healthy. */
  readonly reason: string;
  readonly answers: ProbeAnswers;
  readonly checks: readonly CheckReport[];
  /** Unexpected exits of critical processes since this start. */
  readonly restarts: number;
  /** Boot clock, milliseconds. */
  readonly nowMs: number;
  readonly startedMs: number | undefined;
  readonly healthySinceMs: number | undefined;
}
