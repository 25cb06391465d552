/** Folds the states of all checks into one status and the three answers of the probe (contract.md, sections 4 and 5). */
import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { HealthStatus } from '../../contract/health/health-report.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import type { ProbeAnswers } from '../../contract/health/health-line.ts';
import { selectResult, type CheckState, type CheckWithState } from './check-state.ts';

/** Where start.sh is with the gate. `text` is one line for people. */
export type GateState =
  /**
   * `text` says what is wrong with that; empty if nothing is. `startFailedMs`: since when the program that asks is known to
   * have failed, boot clock.
   */
  | { readonly kind: 'not-asked'; readonly text: string; readonly startFailedMs?: number | undefined }
  | {
      readonly kind: 'waiting' | 'held';
      readonly text: string;
      /**
       * Held: boot clock, until when the switch's own container of this very version is known to be healthy. Undefined where
       * that is not known.
       */
      readonly servedUntilMs?: number | undefined;
    }
  | { readonly kind: 'passed'; readonly startedMs: number };

/** A gate that does not let the application go. */
export type ClosedGate = Extract<GateState, { kind: 'waiting' | 'held' }>;

export interface HealthSnapshot {
  readonly gate: GateState;
  /** The gate was passed, and asked again: the application, or a part of it, is to start anew, and may not. */
  readonly askedAgain?: ClosedGate | undefined;
  readonly isStopping: boolean;
  /** Why the claim belongs to another container now, one line for people; empty while it is this container's. */
  readonly superseded: string;
  /** Boot clock: since when a warm or fast reboot is announced; undefined while none is. */
  readonly rebootSinceMs: number | undefined;
  /** The order is that in which failures are reported. */
  readonly checks: readonly CheckWithState[];
  /** All required checks have been ok at once since the gate was passed. */
  readonly hasStarted: boolean;
  /** Boot clock. */
  readonly nowMs: number;
}

/** How long an agent keeps the last known result of a required check that can't be told, milliseconds. */
export const UNKNOWN_KEEPS_RESULT_MS = 30_000;

export interface HealthSettings {
  /** After the gate was passed: how long a failing check counts as a start-up that is still under way. */
  readonly startupGraceMs: number;
  /** How long a required check whose result is unknown keeps its last known result. */
  readonly unknownAfterMs: number;
  /** CTRKIT_HELD_READY. */
  readonly isHeldReady: boolean;
  /** Why nothing is checked, one line for people: whoever keeps the claim is no agent. */
  readonly unchecked?: string;
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

/** Decides the status, its reason and the probe's answers. Pure: the same snapshot gives the same verdict. */
export function decideHealth(snapshot: HealthSnapshot, settings: HealthSettings): HealthVerdict {
  const { gate, isStopping, superseded, hasStarted } = snapshot;
  if (isStopping) return makeVerdict('stopping', 'stopping', { readiness: PROBE_EXIT.stopping }, hasStarted);
  // Before the gate is passed there is no claim to lose, and a restart would only come back to the gate.
  if (superseded !== '' && gate.kind === 'passed') {
    // A restart is the only help: it asks the gate again. The image is not to blame.
    const { failed } = PROBE_EXIT;
    const answers = { startup: failed, readiness: failed, liveness: failed };
    return makeVerdict('degraded', superseded, answers, hasStarted);
  }
  switch (gate.kind) {
    case 'not-asked': {
      const { notStarted } = PROBE_EXIT;
      const { text, startFailedMs = Infinity } = gate;
      // The start-up probe may be over, as the gate was held first: then only liveness brings the container to a new start.
      const liveness = snapshot.nowMs >= startFailedMs + settings.startupGraceMs ? notStarted : 0;
      const answers = { startup: notStarted, readiness: notStarted, liveness };
      const status = startFailedMs === Infinity ? 'starting' : 'unhealthy';
      return makeVerdict(status, text || 'the gate has not been asked yet', answers, hasStarted);
    }
    case 'waiting':
    case 'held': {
      // The start-up probe succeeds, or it would give up on the container; a restart would only wait again.
      // A rollout may go on where the switch has this version already, and it is well.
      const readiness = isServed(gate, snapshot.nowMs) ? 0 : decideClosed(gate, settings);
      return makeVerdict('starting', gate.text, { readiness }, hasStarted);
    }
    case 'passed':
      if (snapshot.askedAgain !== undefined)
        return decideAskedAgain(snapshot.askedAgain, hasStarted, settings);
      // Nothing is known of the application: it is not ready, and a restart would mend nothing.
      if (settings.unchecked !== undefined)
        return makeVerdict('degraded', settings.unchecked, { readiness: PROBE_EXIT.notStarted }, hasStarted);
      return foldChecks(snapshot, gate.startedMs, settings);
  }
}

/**
 * The image is not to blame, and a restart would only come back to the gate. What was started before may run beside it, so
 * the claim stays.
 */
function decideAskedAgain(gate: ClosedGate, hasStarted: boolean, settings: HealthSettings): HealthVerdict {
  const reason = `the gate was asked again, and is closed: ${gate.text}`;
  return makeVerdict('degraded', reason, { readiness: decideClosed(gate, settings) }, hasStarted);
}

const isServed = ({ kind, servedUntilMs = -Infinity }: ClosedGate, nowMs: number): boolean =>
  kind === 'held' && nowMs < servedUntilMs;

function decideClosed({ kind }: ClosedGate, { isHeldReady }: HealthSettings): number {
  if (kind === 'waiting') return PROBE_EXIT.notStarted;
  return isHeldReady ? 0 : PROBE_EXIT.held;
}

function foldChecks(snapshot: HealthSnapshot, startedMs: number, settings: HealthSettings): HealthVerdict {
  const { checks, nowMs } = snapshot;
  const required = checks.filter(({ kind }) => kind === 'required');
  const failing = required.filter(isFailing);
  const open = required.filter(isOpen);
  const hasStarted = snapshot.hasStarted || open.every(isBeyondStart);
  const isLate = nowMs >= startedMs + settings.startupGraceMs;
  if (!hasStarted && !isLate && !failing.some((check) => findFailure(check)?.isFinal === true)) {
    const code = findFailure(failing[0])?.exitCode ?? PROBE_EXIT.notStarted;
    return makeVerdict('starting', describeChecks(open), { startup: code, readiness: code }, hasStarted);
  }

  const { unknownAfterMs } = settings;
  const readiness = decideReadiness(failing[0], required, { nowMs, unknownAfterMs, hasStarted });
  // Until a reboot is over nothing is ended: its processes are frozen on purpose.
  const isRebooting = isRebootExpected(snapshot.rebootSinceMs, nowMs);
  const liveness = isRebooting ? 0 : decideLiveness(failing, !hasStarted && isLate);
  const answers = { startup: hasStarted ? 0 : readiness, readiness, liveness };
  if (failing.length > 0) return makeVerdict('unhealthy', describeChecks(failing), answers, hasStarted);
  const impaired = checks.filter(
    (check) => check.kind === 'wanted' && (isFailing(check) || isUnknown(check)),
  );
  const status = open.length + impaired.length === 0 ? 'healthy' : 'degraded';
  const reason = describeChecks([...open, ...impaired]);
  return {
    ...makeVerdict(status, reason, answers, hasStarted),
    countsAsHealthy: open.length === 0,
  };
}

/** `firstFailing` is the required check whose failure is reported. */
function decideReadiness(
  firstFailing: CheckWithState | undefined,
  required: readonly CheckWithState[],
  {
    nowMs,
    unknownAfterMs,
    hasStarted,
  }: Pick<HealthSnapshot, 'nowMs' | 'hasStarted'> & Pick<HealthSettings, 'unknownAfterMs'>,
): number {
  const failure = findFailure(firstFailing);
  if (failure !== undefined) return failure.exitCode;
  // The result has been unknown for so long that the last known one no longer counts.
  const isStale = ({ sinceMs }: CheckState) => nowMs >= sinceMs + unknownAfterMs;
  if (required.some((check) => isUnknown(check) && check.state !== undefined && isStale(check.state)))
    return PROBE_EXIT.stale;
  return hasStarted ? 0 : PROBE_EXIT.notStarted;
}

/**
 * `isStartLate`: the start-up has not succeeded within its grace period. It is tried again then, because kubelet's own
 * start-up probe may be over: the container was held first.
 */
function decideLiveness(failing: readonly CheckWithState[], isStartLate: boolean): number {
  // A check whose result is unknown now is no reason for a restart, whatever it was before.
  const known = failing.filter((check) => !isUnknown(check));
  const toRestart = known.find((check) => isMendedByRestart(check) || (isStartLate && isOfStart(check)));
  return findFailure(toRestart)?.exitCode ?? 0;
}

/** A check that has not run yet, such as a hook that has just been added, is neither unknown nor failing. */
const isUnknown = ({ state }: CheckWithState): boolean =>
  state !== undefined && selectResult(state) === 'unknown';
const isOpen = ({ state }: CheckWithState): boolean => state === undefined || selectResult(state) !== 'ok';
const isFailing = ({ state }: CheckWithState): boolean => state?.known?.result === 'failing';

const isOfStart = (check: CheckWithState): boolean => findFailure(check)?.isOfStart === true;
/**
 * Whether the start-up need not wait for the check: a peer that is away, a hook that can't be run. Neither waiting nor a
 * new start-up makes such a check ok.
 */
const isBeyondStart = (check: CheckWithState): boolean =>
  isFailing(check) && !isUnknown(check) && !isMendedByRestart(check) && !isOfStart(check);
const isMendedByRestart = (check: CheckWithState): boolean => findFailure(check)?.isMendedByRestart === true;

function findFailure(check: CheckWithState | undefined): FailingOutcome | undefined {
  const known = check?.state?.known;
  return known?.result === 'failing' ? known : undefined;
}

const describeChecks = (checks: readonly CheckWithState[]): string =>
  checks
    .map((check) => {
      const { name, state } = check;
      if (state === undefined) return `${name}: not run yet`;
      const outcome = isUnknown(check) ? state.last : (state.known ?? state.last);
      return `${name}: ${outcome.message || outcome.result}`;
    })
    .join('; ');

const makeVerdict = (
  status: HealthStatus,
  reason: string,
  answers: Partial<ProbeAnswers>,
  hasStarted: boolean,
): HealthVerdict => ({
  status,
  reason,
  answers: { startup: 0, readiness: 0, liveness: 0, ...answers },
  hasStarted,
  countsAsHealthy: false,
});
