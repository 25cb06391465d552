import type { Anchor } from '../../contract/anchor.ts';
import type { ClosedGate, GateState, HealthSettings } from '../../decide/health/decide-health.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import type { CheckSource } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HealthFile } from '../../ports/health-file.ts';
import type { Log } from '../../ports/log.ts';
import { CheckScheduler } from './check-scheduler.ts';
import { ContainerHealth, type MonitoredStart } from './container-health.ts';
import { HealthPublisher, REFRESH_MS } from './health-publisher.ts';
import type { RestartCounter } from './restart-counter.ts';

export interface MonitorPorts {
  readonly checks: readonly CheckSource[];
  readonly clock: Clock;
  readonly file: HealthFile;
  readonly anchor: Anchor;
  readonly log: Log;
  readonly restarts: RestartCounter;
  /** Called when the status, or what counts towards certification, has changed. */
  readonly onChange: () => void;
}

/**
 * The loop that keeps the container's health current: it runs the checks that are due, makes the verdict anew, and
 * leaves the answers for the probe. It needs no database, so the probe is answered whatever a database does.
 */
export class HealthMonitor {
  /** What is known of the container now. */
  readonly health: ContainerHealth;
  readonly #ports: MonitorPorts;
  readonly #scheduler: CheckScheduler;
  readonly #publisher: HealthPublisher;
  readonly #wakeup: Wakeup;
  /** Boot clock: until then an agent that was started again leaves its predecessor's answers, unless it has its own. */
  #quietUntilMs = -Infinity;
  #isEnded = false;

  constructor(ports: MonitorPorts, settings: HealthSettings) {
    const { checks: sources, clock, file, log, anchor, restarts } = ports;
    this.#ports = ports;
    this.#wakeup = new Wakeup(clock);
    this.#publisher = new HealthPublisher({ file, log, clock, anchor });
    this.#scheduler = new CheckScheduler({ sources, clock, onResult: this.#wakeup.notify });
    this.health = new ContainerHealth({ clock, scheduler: this.#scheduler, restarts }, settings);
  }

  /** Resolves after `end`. */
  async run(): Promise<void> {
    while (!this.#isEnded) {
      const dueMs = this.#reconcile();
      await this.#wakeup.sleep(Math.max(0, dueMs - this.#ports.clock.bootMs()));
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#wakeup.notify();
  }

  /** There is no claim yet; `gate` says where start.sh is with the gate. */
  closeGate(gate: Exclude<GateState, { kind: 'passed' }>): void {
    this.health.closeGate(gate);
    this.#wakeup.notify();
  }

  /**
   * The gate has let the application go; `askedAgain` is one that was asked since, and is closed. Nothing changes for a start
   * that is known.
   */
  passGate(start: MonitoredStart, askedAgain?: ClosedGate): void {
    const isNew = this.health.passGate(start);
    const before = this.health.lifecycle.askedAgain;
    if (!isNew && before?.kind === askedAgain?.kind && before?.text === askedAgain?.text) return;
    this.health.update({ askedAgain });
    if (isNew) {
      this.#scheduler.begin(start.startedMs);
      if (start.hasStarted) this.#quietUntilMs = this.#ports.clock.bootMs() + REFRESH_MS;
    }
    this.#reconcile();
    this.#wakeup.notify();
  }

  /** `why` says which container has the claim now; it is empty when the claim is this container's again. */
  supersede(why: string): void {
    if (why === this.health.lifecycle.superseded) return;
    this.health.update({ superseded: why });
    this.#wakeup.notify();
  }

  /** The container is stopping: no check is run any more. */
  stop(): void {
    this.health.update({ isStopping: true });
    this.#reconcile();
  }

  /** Something that the check of this name checks has changed: it runs at once. */
  hasten(check: string): void {
    this.#scheduler.hasten(check);
    this.#wakeup.notify();
  }

  /** Does what is due now; returns when, on the boot clock, to do so again. */
  #reconcile(): number {
    const { health } = this;
    const { gate, isStopping } = health.lifecycle;
    const isChecking = gate.kind === 'passed' && !isStopping;
    const dueMs = isChecking ? this.#scheduler.tick(!health.hasStarted) : Infinity;
    const { feature, verdict, isNew } = health.evaluate();
    const isResuming = !health.isSettled && !isStopping && this.#ports.clock.bootMs() < this.#quietUntilMs;
    if (isResuming) this.#publisher.postpone(this.#quietUntilMs);
    else this.#publisher.publish(feature, verdict);
    if (isNew) this.#ports.onChange();
    return Math.min(dueMs, this.#publisher.dueMs);
  }
}
