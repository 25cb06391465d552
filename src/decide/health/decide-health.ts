/** Folds what the checks say into one status and the three answers of the probe (contract.md, sections 4 and 5). */
import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { HealthStatus } from '../../contract/health/health-report.ts';
import type { ProbeAnswers } from '../../contract/health/probe.ts';
import { resultOf, type CheckState, type CheckWithState } from './check-state.ts';

/** How far start.sh has come with the gate. */
export type GateState =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'waiting' | 'held'; readonly text: string }
  | { readonly kind: 'passed'; readonly startedMs: number };

export interface HealthSnapshot {
  readonly gate: GateState;
  readonly isStopping: boolean;
  /** Why the claim is another container's now; empty while it is ours. */
  readonly superseded: string;
  /** In the order in which their failures are reported. */
  readonly checks: readonly CheckWithState[];
  /** All required checks have been ok at once since the gate was passed. */
  readonly hasStarted: boolean;
  /** Boot clock. */
  readonly nowMs: number;
}

export interface HealthSettings {
  /** After go: how long what fails is taken for a start-up that is still under way. */
  readonly startupGraceMs: number;
  /** How long a required check that can no longer be told counts as what it was told to be last. */
  readonly staleAfterMs: number;
  /** CTRKIT_HELD_READY. */
  readonly isHeldReady: boolean;
}

export interface HealthVerdict {
  readonly status: HealthStatus;
  /** One line for people, empty when healthy. */
  readonly reason: string;
  readonly answers: ProbeAnswers;
  readonly hasStarted: boolean;
  /** Whether the time counts towards certification: every required check is known to be ok. */
  readonly countsAsHealthy: boolean;
}

type FailingOutcome = Extract<CheckOutcome, { result: 'failing' }>;

export function decideHealth(snapshot: HealthSnapshot, settings: HealthSettings): HealthVerdict {
  const { gate, isStopping, superseded } = snapshot;
  if (isStopping) return verdictOf('stopping', 'stopping', { readiness: PROBE_EXIT.stopping }, snapshot);
  // Without a claim there is none to be taken: at the gate, a restart would only come back to it.
  if (superseded !== '' && gate.kind === 'passed') {
    // Only a restart helps: it meets the gate.
    const { failed } = PROBE_EXIT;
    return verdictOf(
      'unhealthy',
      superseded,
      { startup: failed, readiness: failed, liveness: failed },
      snapshot,
    );
  }
  switch (gate.kind) {
    case 'not-asked': {
      const { notStarted } = PROBE_EXIT;
      const answers = { startup: notStarted, readiness: notStarted };
      return verdictOf('starting', 'the gate has not been asked yet', answers, snapshot);
    }
    case 'waiting':
      // A restart would only make it wait again: no start-up probe may run out of patience.
      return verdictOf('starting', gate.text, { readiness: PROBE_EXIT.notStarted }, snapshot);
    case 'held': {
      const readiness = settings.isHeldReady ? 0 : PROBE_EXIT.held;
      return verdictOf('starting', gate.text, { readiness }, snapshot);
    }
    case 'passed':
      return foldChecks(snapshot, gate.startedMs, settings);
  }
}

function foldChecks(snapshot: HealthSnapshot, startedMs: number, settings: HealthSettings): HealthVerdict {
  const { checks, nowMs } = snapshot;
  const required = checks.filter(({ kind }) => kind === 'required');
  const failing = required.filter(isFailing);
  const hasStarted = snapshot.hasStarted || !required.some((check) => isOpen(check) && !isBeyondStart(check));

  const isLate = nowMs >= startedMs + settings.startupGraceMs;
  if (!hasStarted && !isLate && !failing.some((check) => failureOf(check)?.isFinal === true)) {
    const code = failureOf(failing[0])?.exitCode ?? PROBE_EXIT.notStarted;
    return verdictOf(
      'starting',
      describe(required.filter(isOpen)),
      { startup: code, readiness: code },
      snapshot,
    );
  }

  const readiness = readinessOf(failing[0], required, { ...snapshot, ...settings, hasStarted });
  // What can't be told right now is no reason for a restart, whatever was told before.
  const told = failing.filter((check) => !isUnknown(check));
  // A start-up that has had its time is tried again: kubelet's own start-up probe may be over, because the container
  // was held first.
  const isTooLong = !hasStarted && isLate;
  const toRestart = told.find((check) => isMendedByRestart(check) || (isTooLong && isOfStart(check)));
  const answers = {
    startup: hasStarted ? 0 : readiness,
    readiness,
    liveness: failureOf(toRestart)?.exitCode ?? 0,
  };
  if (failing.length > 0) return verdictOf('unhealthy', describe(failing), answers, { hasStarted });
  const open = required.filter(isOpen);
  const impaired = checks.filter(
    (check) => check.kind === 'wanted' && (isFailing(check) || isUnknown(check)),
  );
  const isWell = open.length + impaired.length === 0;
  return {
    ...verdictOf(isWell ? 'healthy' : 'degraded', describe([...open, ...impaired]), answers, { hasStarted }),
    countsAsHealthy: open.length === 0,
  };
}

function readinessOf(
  failing: CheckWithState | undefined,
  required: readonly CheckWithState[],
  by: { readonly nowMs: number; readonly staleAfterMs: number; readonly hasStarted: boolean },
): number {
  const failure = failureOf(failing);
  if (failure !== undefined) return failure.exitCode;
  // Nobody could tell for long: the last answer has gone stale, and there is no other.
  const isStale = ({ sinceMs }: CheckState) => by.nowMs >= sinceMs + by.staleAfterMs;
  if (required.some((check) => isUnknown(check) && check.standing !== undefined && isStale(check.standing)))
    return PROBE_EXIT.stale;
  return by.hasStarted ? 0 : PROBE_EXIT.notStarted;
}

/** A check that has not run yet, a hook that has just been added say, is neither. */
const isUnknown = ({ standing }: CheckWithState): boolean =>
  standing !== undefined && resultOf(standing) === 'unknown';
const isOpen = ({ standing }: CheckWithState): boolean =>
  standing === undefined || resultOf(standing) !== 'ok';
const isFailing = ({ standing }: CheckWithState): boolean => standing?.known?.result === 'failing';

const isOfStart = (check: CheckWithState): boolean => failureOf(check)?.isOfStart === true;
/** A peer that is away, a hook that can't be run: no start-up gets further by waiting for it, or by a new one. */
const isBeyondStart = (check: CheckWithState): boolean =>
  isFailing(check) && !isUnknown(check) && !isMendedByRestart(check) && !isOfStart(check);
const isMendedByRestart = (check: CheckWithState): boolean => failureOf(check)?.isMendedByRestart === true;

function failureOf(check: CheckWithState | undefined): FailingOutcome | undefined {
  const known = check?.standing?.known;
  return known?.result === 'failing' ? known : undefined;
}

const describe = (checks: readonly CheckWithState[]): string =>
  checks
    .map((check) => {
      const { name, standing } = check;
      if (standing === undefined) return `${name}: not run yet`;
      const outcome = isUnknown(check) ? standing.last : (standing.known ?? standing.last);
      return `${name}: ${outcome.message || outcome.result}`;
    })
    .join('; ');

const verdictOf = (
  status: HealthStatus,
  reason: string,
  answers: Partial<ProbeAnswers>,
  { hasStarted }: { readonly hasStarted: boolean },
): HealthVerdict => ({
  status,
  reason,
  answers: { startup: 0, readiness: 0, liveness: 0, ...answers },
  hasStarted,
  countsAsHealthy: false,
});
