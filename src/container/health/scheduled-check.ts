import type { CheckOutcome } from '../../contract/health/check.ts';
import { advanceCheckState, type CheckState } from '../../decide/health/check-state.ts';
import type { Check } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';

/** A run that has not ended this long after its time limit counts as unknown: its last result would stay for ever. */
const OVERDUE_MS = 30_000;
/** While the application starts, a required check that is not ok runs again this soon: Ready need not wait a period. */
const START_RETRY_MS = 500;
/** The retry interval grows to this part of the time that the start has taken so far. */
const START_RETRY_PART = 0.1;

export interface ScheduledCheckPorts {
  readonly clock: Pick<Clock, 'bootMs'>;
  /** Called after each run. */
  readonly onResult: () => void;
}

/** A check may run this part of its period early, to run together with another. */
const EARLY_PART = 0.1;

/** One check with its next run, the run that is under way, and its state. It never runs twice at the same time. */
export class ScheduledCheck {
  readonly check: Check;
  readonly #ports: ScheduledCheckPorts;
  /** Boot clock: the application's start. */
  #startedMs: number;
  /** Starts of the application: the outcome of a run that began before the last start is dropped. */
  #starts = 0;
  #isStarting = false;
  /** Boot clock: the next run is due. */
  #dueMs: number;
  /** Boot clock: the begin of the run that is under way. */
  #runningSinceMs: number | undefined;
  #state: CheckState | undefined;

  constructor(check: Check, startedMs: number, ports: ScheduledCheckPorts) {
    this.check = check;
    this.#ports = ports;
    this.#startedMs = startedMs;
    this.#dueMs = startedMs + check.timing.initialDelayMs;
  }

  /** Undefined until a run has ended since the application's start. */
  get state(): CheckState | undefined {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#runningSinceMs !== undefined;
  }

  /** Boot clock: when the next run is due; Infinity while one is under way. */
  get nextRunMs(): number {
    return this.isRunning ? Infinity : this.#dueMs;
  }

  /** A new start of the application: the state of the previous one is dropped. */
  reset(startedMs: number): void {
    this.#startedMs = startedMs;
    this.#starts += 1;
    this.#state = undefined;
    this.hasten();
  }

  /** Makes the next run due at once, but not before the initial delay has passed. */
  hasten(): void {
    this.#dueMs = this.#startedMs + this.check.timing.initialDelayMs;
  }

  /**
   * Starts a run if one is due. `isStarting`: not all required checks have been ok at once yet. `mayBeEarly`: also one that
   * is due soon; but not the first.
   */
  startIfDue(nowMs: number, isStarting: boolean, mayBeEarly = false): void {
    const { timeoutMs, periodMs } = this.check.timing;
    const earlyMs = mayBeEarly && this.#state !== undefined ? periodMs * EARLY_PART : 0;
    this.#isStarting = isStarting;
    if (this.#runningSinceMs !== undefined) {
      if (nowMs >= this.#runningSinceMs + timeoutMs + OVERDUE_MS)
        this.#advance({ result: 'unknown', message: 'its run does not end' }, nowMs);
    } else if (this.#dueMs - earlyMs <= nowMs) {
      this.#runningSinceMs = nowMs;
      this.#dueMs = nowMs + periodMs;
      void this.#run();
    }
  }

  async #run(): Promise<void> {
    const start = this.#starts;
    const outcome = await runCheck(this.check);
    this.#runningSinceMs = undefined;
    if (start === this.#starts) this.#advance(outcome, this.#ports.clock.bootMs());
    this.#ports.onResult();
  }

  #advance(outcome: CheckOutcome, nowMs: number): void {
    this.#state = advanceCheckState(this.#state, outcome, this.check.timing, nowMs);
    if (!this.#isStarting || outcome.result === 'ok' || this.check.kind === 'wanted') return;
    const retryMs = Math.max(START_RETRY_MS, (nowMs - this.#startedMs) * START_RETRY_PART);
    this.#dueMs = Math.min(this.#dueMs, nowMs + retryMs);
  }
}

/** A check that rejects, although its port forbids it, counts as unknown and stops nothing else. */
async function runCheck(check: Check): Promise<CheckOutcome> {
  try {
    return await check.run();
  } catch (error) {
    return { result: 'unknown', message: `it can't be run: ${(error as Error).message}` };
  }
}
