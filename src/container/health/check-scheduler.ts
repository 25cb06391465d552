import type { CheckWithState } from '../../decide/health/check-state.ts';
import type { CheckSource } from '../../ports/check.ts';
import { ScheduledCheck, type ScheduledCheckPorts } from './scheduled-check.ts';

export interface SchedulerPorts extends ScheduledCheckPorts {
  readonly sources: readonly CheckSource[];
}

/** Runs the checks of all sources, each at its period, and keeps their states. */
export class CheckScheduler {
  readonly #ports: SchedulerPorts;
  /** The order is that of their sources. */
  #listed: readonly ScheduledCheck[] = [];
  /**
   * Checks that are no longer listed and whose run is still under way. If such a check is listed again before its run has
   * ended, it must not run twice at the same time.
   */
  #delisted: readonly ScheduledCheck[] = [];
  #startedMs = 0;
  #hasTicked = false;

  constructor(ports: SchedulerPorts) {
    this.#ports = ports;
  }

  /** The order is that of their sources. */
  get checks(): readonly CheckWithState[] {
    return this.#listed.map(({ check, state }) => ({ name: check.name, kind: check.kind, state }));
  }

  /** Whether every listed check has ended a run since the application's start. */
  get isRoundDone(): boolean {
    return this.#hasTicked && this.#listed.every(({ state }) => state !== undefined);
  }

  /** A new start of the application, at `startedMs` of the boot clock: the states of the previous one are dropped. */
  begin(startedMs: number): void {
    this.#startedMs = startedMs;
    this.#hasTicked = false;
    for (const scheduled of [...this.#listed, ...this.#delisted]) scheduled.reset(startedMs);
  }

  /** Makes the check of this name run with the next `tick`, because something that it checks has changed. */
  hasten(name: string): void {
    this.#listed.find(({ check }) => check.name === name)?.hasten();
  }

  /**
   * Starts every run that is due; returns when, on the boot clock, the next one is. `isStarting`: not all required checks
   * have been ok at once yet.
   */
  tick(isStarting: boolean): number {
    const nowMs = this.#ports.clock.bootMs();
    this.#listChecks();
    this.#hasTicked = true;
    // Checks of one period come to run together: the agent wakes up once for all, and they share what they read.
    const due = this.#listed.filter(({ nextRunMs }) => nextRunMs <= nowMs);
    const periods = new Set(isStarting ? [] : due.map(({ check }) => check.timing.periodMs));
    for (const scheduled of this.#listed)
      scheduled.startIfDue(nowMs, isStarting, periods.has(scheduled.check.timing.periodMs));
    return Math.min(...this.#listed.map(({ nextRunMs }) => nextRunMs), Infinity);
  }

  #listChecks(): void {
    const before = [...this.#delisted, ...this.#listed];
    const known = new Map(before.map((scheduled) => [scheduled.check, scheduled]));
    const listed = this.#ports.sources
      .flatMap((source) => source.list())
      .map((check) => known.get(check) ?? new ScheduledCheck(check, this.#startedMs, this.#ports));
    this.#delisted = before.filter((scheduled) => scheduled.isRunning && !listed.includes(scheduled));
    this.#listed = listed;
  }
}
