import type { CheckReport, HealthReport } from '../../contract/health/health-report.ts';
import { selectResult, type CheckWithState } from '../../decide/health/check-state.ts';
import {
  decideHealth,
  type GateState,
  type HealthSettings,
  type HealthSnapshot,
  type HealthVerdict,
} from '../../decide/health/decide-health.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CheckScheduler } from './check-scheduler.ts';
import type { RestartCounter } from './restart-counter.ts';

export interface ContainerHealthPorts {
  readonly clock: Pick<Clock, 'bootMs'>;
  readonly scheduler: Pick<CheckScheduler, 'checks' | 'isRoundDone'>;
  readonly restarts: Pick<RestartCounter, 'total' | 'reset'>;
}

/** One start of the application, as the gate let it go; the version and the owner are for people. */
export interface MonitoredStart {
  readonly token: string;
  readonly feature: string;
  readonly version: string;
  readonly owner: string;
  /** Boot clock. */
  readonly startedMs: number;
  /** An earlier agent of this container has seen all required checks ok. */
  readonly hasStarted: boolean;
}

const NO_START = { token: '', feature: '', version: '', owner: '', startedMs: undefined };

/** What happens to the container beside its checks. */
export type Lifecycle = Pick<
  HealthSnapshot,
  'gate' | 'askedAgain' | 'isStopping' | 'superseded' | 'rebootSinceMs'
>;

export interface Evaluation {
  /** Empty until the gate has let the application go. */
  readonly feature: string;
  readonly verdict: HealthVerdict;
  /** The status, or what counts towards certification, has changed. */
  readonly isNew: boolean;
}

/** The container's health: what has happened to it, the states of its checks, and the verdict on both. */
export class ContainerHealth {
  readonly #ports: ContainerHealthPorts;
  readonly #settings: HealthSettings;
  #lifecycle: Lifecycle = {
    gate: { kind: 'not-asked', text: '' },
    isStopping: false,
    superseded: '',
    rebootSinceMs: undefined,
  };
  #start: MonitoredStart | typeof NO_START = NO_START;
  #hasStarted = false;
  #healthySinceMs: number | undefined;
  #verdict: HealthVerdict;

  constructor(ports: ContainerHealthPorts, settings: HealthSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#verdict = decideHealth(readSnapshot(this.#lifecycle, false, ports), settings);
  }

  get lifecycle(): Lifecycle {
    return this.#lifecycle;
  }

  /** Whether all required checks have been ok at once since the application's start. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Whether every check has ended a run since this agent was started. */
  get isSettled(): boolean {
    return this.#lifecycle.gate.kind !== 'passed' || this.#ports.scheduler.isRoundDone;
  }

  /** Counts with the next `evaluate`. */
  update(change: Partial<Omit<Lifecycle, 'gate'>>): void {
    const before = this.#lifecycle;
    const lifecycle = { ...before, ...change };
    const isLetGo = before.askedAgain?.kind === 'held' && lifecycle.askedAgain === undefined;
    // A start-up that a hold has interrupted has its whole time again.
    this.#lifecycle =
      isLetGo && !this.#hasStarted && before.gate.kind === 'passed'
        ? { ...lifecycle, gate: { kind: 'passed', startedMs: this.#ports.clock.bootMs() } }
        : lifecycle;
  }

  /** There is no claim: the gate has not been passed, or the claim was given up. */
  closeGate(gate: Exclude<GateState, { kind: 'passed' }>): void {
    this.#start = NO_START;
    this.#lifecycle = { ...this.#lifecycle, gate };
  }

  /** The gate has let the application go. False, and nothing changes, for a start that is known. */
  passGate(start: MonitoredStart): boolean {
    if (start.token === this.#start.token) return false;
    this.#start = start;
    const { startedMs } = start;
    this.#lifecycle = { ...this.#lifecycle, gate: { kind: 'passed', startedMs }, superseded: '' };
    this.#hasStarted = start.hasStarted;
    this.#healthySinceMs = undefined;
    this.#ports.restarts.reset();
    return true;
  }

  /** Makes the verdict anew, from what is known now. */
  evaluate(): Evaluation {
    const before = this.#verdict;
    const snapshot = readSnapshot(this.#lifecycle, this.#hasStarted, this.#ports);
    const verdict = decideHealth(snapshot, this.#settings);
    this.#verdict = verdict;
    this.#hasStarted = verdict.hasStarted;
    this.#healthySinceMs = verdict.countsAsHealthy
      ? (this.#healthySinceMs ?? this.#ports.clock.bootMs())
      : undefined;
    const isNew = before.status !== verdict.status || before.countsAsHealthy !== verdict.countsAsHealthy;
    return { feature: this.#start.feature, verdict, isNew };
  }

  /** The last verdict, with the checks as they are now. */
  report(): HealthReport {
    const { status, reason, answers } = this.#verdict;
    const { clock, scheduler, restarts } = this.#ports;
    const { feature, version, owner, startedMs } = this.#start;
    const checks = this.#lifecycle.gate.kind === 'passed' ? scheduler.checks : [];
    return {
      feature,
      version,
      owner,
      status,
      reason,
      answers,
      checks: checks.map((check) => reportCheck(check, startedMs ?? 0)),
      restarts: restarts.total,
      nowMs: clock.bootMs(),
      startedMs,
      healthySinceMs: this.#healthySinceMs,
    };
  }
}

const readSnapshot = (
  lifecycle: Lifecycle,
  hasStarted: boolean,
  { clock, scheduler }: ContainerHealthPorts,
): HealthSnapshot => ({ ...lifecycle, checks: scheduler.checks, hasStarted, nowMs: clock.bootMs() });

const reportCheck = ({ name, kind, state }: CheckWithState, startedMs: number): CheckReport => ({
  name,
  kind,
  result: state === undefined ? 'unknown' : selectResult(state),
  sinceMs: state?.sinceMs ?? startedMs,
  message: state === undefined ? 'not run yet' : state.last.message,
});
