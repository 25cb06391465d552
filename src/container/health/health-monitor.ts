import { encodeHealthLine, type ProbeAnswers } from '../../contract/health/probe.ts';
import type { HealthReport, HealthStatus } from '../../contract/health/health-report.ts';
import { resultOf } from '../../decide/health/check-state.ts';
import {
  decideHealth,
  type GateState,
  type HealthSettings,
  type HealthVerdict,
} from '../../decide/health/decide-health.ts';
import type { CheckSource } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HealthFile } from '../../ports/health-file.ts';
import type { Log } from '../../ports/log.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import { CheckScheduler } from './check-scheduler.ts';
import { ChangeNotice } from './change-notice.ts';

/** The answers are written again this often, and go stale after three times as long: the agent is dead or stuck then. */
const REFRESH_MS = 10_000;
export const STALE_AFTER_MS = 3 * REFRESH_MS;

/** A process may end forty times a second; a heartbeat each would wake everybody who waits for the feature. */
const RESTART_NOTICE_MS = 1_000;

export interface MonitorPorts {
  readonly checks: readonly CheckSource[];
  readonly clock: Clock;
  readonly file: HealthFile;
  readonly log: Log;
  /** Called when the status, or what has to be recorded with it, is another. */
  readonly onChange: () => void;
}

/** What is monitored; the version and the owner are for people. */
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

/**
 * Knows at any time how the container is: runs the checks, folds what they say, and leaves the answers for the
 * probe. It needs no database: the probe is answered from inside the container.
 */
export class HealthMonitor {
  readonly #ports: MonitorPorts;
  readonly #settings: HealthSettings;
  readonly #scheduler: CheckScheduler;
  readonly #outage: OutageLog;
  readonly #restartNotice: ChangeNotice;
  readonly #wakeup: Wakeup;
  #gate: GateState = { kind: 'not-asked' };
  #start: MonitoredStart | undefined;
  #superseded = '';
  #isStopping = false;
  #restarts = 0;
  #hasStarted = false;
  #verdict: HealthVerdict;
  #toldStatus: HealthStatus = 'starting';
  #healthySinceMs: number | undefined;
  #published = { line: '', ms: -Infinity };
  /** An agent that was started again leaves its predecessor's answers until it has some of its own. */
  #quietUntilMs = -Infinity;
  #isEnded = false;

  constructor(ports: MonitorPorts, settings: HealthSettings) {
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#settings = settings;
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#restartNotice = new ChangeNotice(() => ports.onChange(), RESTART_NOTICE_MS);
    this.#scheduler = new CheckScheduler(ports.checks, ports.clock, this.#wakeup.notify);
    this.#verdict = this.decide();
  }

  /** Until `end`. */
  async run(): Promise<void> {
    while (!this.#isEnded) {
      const dueMs = this.step();
      await this.#wakeup.sleep(Math.max(0, dueMs - this.#ports.clock.bootMs()));
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#wakeup.notify();
  }

  /** No claim yet: where the gate stands. */
  closed(gate: Exclude<GateState, { kind: 'passed' }>): void {
    this.#start = undefined;
    this.#gate = gate;
    this.#wakeup.notify();
  }

  /** The gate has let the application go; nothing new for a start that is known. */
  begin(start: MonitoredStart): void {
    if (start.token === this.#start?.token) return;
    this.#start = start;
    this.#gate = { kind: 'passed', startedMs: start.startedMs };
    this.#hasStarted = start.hasStarted;
    this.#superseded = '';
    this.#restarts = 0;
    this.#healthySinceMs = undefined;
    this.#scheduler.begin(start.startedMs);
    if (start.hasStarted) this.#quietUntilMs = this.#ports.clock.bootMs() + REFRESH_MS;
    this.step();
    this.#wakeup.notify();
  }

  /** `why` is empty when the claim is ours again. */
  supersede(why: string): void {
    if (why === this.#superseded) return;
    this.#superseded = why;
    this.#wakeup.notify();
  }

  stop(): void {
    this.#isStopping = true;
    this.step();
  }

  /** A critical process has ended unexpectedly. */
  countRestart(): void {
    this.#restarts += 1;
    this.#restartNotice.change();
  }

  /** Something has happened that a check looks at. */
  hasten(check: string): void {
    this.#scheduler.hasten(check);
    this.#wakeup.notify();
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Every check has said something since this agent was started. */
  get isSettled(): boolean {
    return this.#gate.kind !== 'passed' || this.#scheduler.isRoundDone;
  }

  report(): HealthReport {
    const { status, reason, answers } = this.#verdict;
    return {
      feature: this.#start?.feature ?? '',
      version: this.#start?.version ?? '',
      owner: this.#start?.owner ?? '',
      status,
      reason,
      answers,
      checks: this.#gate.kind === 'passed' ? this.reportChecks() : [],
      restarts: this.#restarts,
      nowMs: this.#ports.clock.bootMs(),
      startedMs: this.#start?.startedMs,
      healthySinceMs: this.#healthySinceMs,
    };
  }

  private reportChecks(): HealthReport['checks'] {
    return this.#scheduler.checks.map(({ name, kind, standing }) => ({
      name,
      kind,
      result: standing === undefined ? 'unknown' : resultOf(standing),
      sinceMs: standing?.sinceMs ?? this.#start?.startedMs ?? 0,
      message: standing === undefined ? 'not run yet' : standing.last.message,
    }));
  }

  /** Does what is due now; returns when, on the boot clock, something is again. */
  private step(): number {
    const isChecking = this.#gate.kind === 'passed' && !this.#isStopping;
    const dueMs = isChecking ? this.#scheduler.tick(!this.#hasStarted) : Infinity;
    this.evaluate();
    return Math.min(dueMs, this.#published.ms + REFRESH_MS);
  }

  private decide(): HealthVerdict {
    return decideHealth(
      {
        gate: this.#gate,
        isStopping: this.#isStopping,
        superseded: this.#superseded,
        checks: this.#scheduler.checks,
        hasStarted: this.#hasStarted,
        nowMs: this.#ports.clock.bootMs(),
      },
      this.#settings,
    );
  }

  private evaluate(): void {
    const before = this.#verdict;
    const verdict = this.decide();
    const nowMs = this.#ports.clock.bootMs();
    const isResuming = !this.isSettled && nowMs < this.#quietUntilMs && !this.#isStopping;
    this.#verdict = verdict;
    this.#hasStarted = verdict.hasStarted;
    this.#healthySinceMs = verdict.countsAsHealthy ? (this.#healthySinceMs ?? nowMs) : undefined;
    if (isResuming) this.#published = { ...this.#published, ms: this.#quietUntilMs - REFRESH_MS };
    else this.publish(verdict.answers, verdict.reason);
    if (!isResuming) this.tell(verdict);
    if (before.status !== verdict.status || before.countsAsHealthy !== verdict.countsAsHealthy)
      this.#ports.onChange();
  }

  private publish(answers: ProbeAnswers, reason: string): void {
    const nowMs = this.#ports.clock.bootMs();
    const line = encodeHealthLine(answers, 0, reason);
    if (line === this.#published.line && nowMs < this.#published.ms + REFRESH_MS) return;
    // Also when it can't be written: the next try is the next time it is due.
    this.#published = { line, ms: nowMs };
    try {
      this.#ports.file.write(encodeHealthLine(answers, nowMs + STALE_AFTER_MS, reason));
      this.#outage.mend('the probe is answered again');
    } catch (error) {
      this.#outage.fail(`the probe goes stale: ${(error as Error).message}`);
    }
  }

  private tell({ status, reason }: HealthVerdict): void {
    const before = this.#toldStatus;
    if (before === status) return;
    this.#toldStatus = status;
    const why = reason === '' || reason === status ? '' : `: ${reason}`;
    const text = `${this.#start?.feature || 'health'}: ${status}${why} (was ${before})`;
    if (status === 'unhealthy' || status === 'degraded') this.#ports.log.warn(text);
    else this.#ports.log.info(text);
  }
}
