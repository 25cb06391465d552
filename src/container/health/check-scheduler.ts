import type { CheckOutcome } from '../../contract/health/check.ts';
import { advanceCheckState, type CheckState, type CheckWithState } from '../../decide/health/check-state.ts';
import type { Check, CheckSource } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';

/** Beyond its time limit: a run that has not ended by then counts as unknown, or what it said last would for ever. */
const OVERDUE_MS = 30_000;
/** While the application starts, what is not ok yet is looked at again soon: nobody waits a whole period for Ready. */
const START_RETRY_MS = 500;
/** And the longer it takes the less often, this part of the time it has taken. */
const START_RETRY_PART = 0.1;

interface Schedule {
  readonly check: Check;
  /** Boot clock: the next run is due. */
  dueMs: number;
  standing: CheckState | undefined;
}

/** Runs each check at its period, never two of one at once, and remembers where each stands. */
export class CheckScheduler {
  readonly #sources: readonly CheckSource[];
  readonly #clock: Clock;
  readonly #onResult: () => void;
  #schedules: readonly Schedule[] = [];
  /**
   * Since when, on the boot clock, a run of it is under way. Those whose check is not listed any more are among them: if
   * it comes back before it has ended, it must not be run twice at once.
   */
  readonly #running = new Map<Schedule, number>();
  #startedMs = 0;
  /** Of the application: a run that began before the last start tells nothing about this one. */
  #starts = 0;
  #hasTicked = false;
  #isStarting = false;

  /** `onResult` is called after each run. */
  constructor(sources: readonly CheckSource[], clock: Clock, onResult: () => void) {
    this.#sources = sources;
    this.#clock = clock;
    this.#onResult = onResult;
  }

  /** In the order of their sources. */
  get checks(): readonly CheckWithState[] {
    return this.#schedules.map(({ check, standing }) => ({ name: check.name, kind: check.kind, standing }));
  }

  /** Every check that is there has ended a run. */
  get isRoundDone(): boolean {
    return this.#hasTicked && this.#schedules.every(({ standing }) => standing !== undefined);
  }

  /** A new start of the application: what was known of the last one counts for nothing. */
  begin(startedMs: number): void {
    this.#startedMs = startedMs;
    this.#starts += 1;
    this.#hasTicked = false;
    for (const schedule of this.#schedules) {
      schedule.standing = undefined;
      schedule.dueMs = this.firstDueMs(schedule.check);
    }
  }

  /** Runs a check at its next opportunity, because something happened that it looks at. */
  hasten(name: string): void {
    const schedule = this.#schedules.find(({ check }) => check.name === name);
    if (schedule !== undefined) schedule.dueMs = this.firstDueMs(schedule.check);
  }

  /**
   * Starts what is due; returns when, on the boot clock, the next check is. `isStarting`: not all required checks have
   * been ok at once yet.
   */
  tick(isStarting: boolean): number {
    const nowMs = this.#clock.bootMs();
    this.#isStarting = isStarting;
    this.adopt();
    this.#hasTicked = true;
    for (const schedule of this.#schedules) {
      const runningMs = this.#running.get(schedule);
      if (runningMs !== undefined) this.doubt(schedule, runningMs, nowMs);
      else if (schedule.dueMs <= nowMs) this.start(schedule, nowMs);
    }
    const waiting = this.#schedules.filter((schedule) => !this.#running.has(schedule));
    return Math.min(...waiting.map(({ dueMs }) => dueMs), Infinity);
  }

  private adopt(): void {
    const schedules = [...this.#running.keys(), ...this.#schedules];
    const known = new Map(schedules.map((schedule) => [schedule.check, schedule]));
    this.#schedules = this.#sources
      .flatMap((source) => source.list())
      .map((check) => known.get(check) ?? this.scheduleOf(check));
  }

  private scheduleOf(check: Check): Schedule {
    return { check, dueMs: this.firstDueMs(check), standing: undefined };
  }

  private firstDueMs(check: Check): number {
    return this.#startedMs + check.timing.initialDelayMs;
  }

  private start(schedule: Schedule, nowMs: number): void {
    this.#running.set(schedule, nowMs);
    schedule.dueMs = nowMs + schedule.check.timing.periodMs;
    void this.run(schedule);
  }

  private async run(schedule: Schedule): Promise<void> {
    const start = this.#starts;
    const outcome = await runCheck(schedule.check);
    this.#running.delete(schedule);
    if (start === this.#starts) this.advance(schedule, outcome, this.#clock.bootMs());
    this.#onResult();
  }

  /** Its run should have ended long ago. */
  private doubt(schedule: Schedule, runningMs: number, nowMs: number): void {
    if (nowMs < runningMs + schedule.check.timing.timeoutMs + OVERDUE_MS) return;
    this.advance(schedule, { result: 'unknown', message: 'its run does not end' }, nowMs);
  }

  private advance(schedule: Schedule, outcome: CheckOutcome, nowMs: number): void {
    schedule.standing = advanceCheckState(schedule.standing, outcome, schedule.check.timing, nowMs);
    if (!this.#isStarting || outcome.result === 'ok' || schedule.check.kind === 'wanted') return;
    const retryMs = Math.max(START_RETRY_MS, (nowMs - this.#startedMs) * START_RETRY_PART);
    schedule.dueMs = Math.min(schedule.dueMs, nowMs + retryMs);
  }
}

/** A check that breaks its promise tells nothing, and ends nothing. */
async function runCheck(check: Check): Promise<CheckOutcome> {
  try {
    return await check.run();
  } catch (error) {
    return { result: 'unknown', message: `it can't be run: ${(error as Error).message}` };
  }
}
