import { LONGEST_WAIT_MS } from '../../src/adapters/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

/**
 * So often the event loop goes round before fake time goes on: the longest chain of fakes' answers has been taken in by
 * then, one a turn.
 */
const DRAIN_TURNS = 40;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to go on; the wall clock can be stepped alone. Its timers fire in the order in
 * which they are due, those of one instant in the order in which they were made, each at its own time.
 */
export class FakeClock implements Clock {
  #bootMs: number;
  #wallMs: number;
  #bootId = 'boot-1';
  readonly #timers = new Set<Timer>();

  constructor(bootMs = 10_000_000, wallMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#bootMs = bootMs;
    this.#wallMs = wallMs;
  }

  readonly bootId = (): string => this.#bootId;
  readonly bootMs = (): number => this.#bootMs;
  readonly wallMs = (): number => this.#wallMs;

  readonly schedule = (ms: number, callback: () => void): (() => void) => {
    const timer = { dueMs: this.#bootMs + Math.min(Math.max(ms, 0), LONGEST_WAIT_MS), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  readonly sleep: Clock['sleep'] = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const cancel = this.schedule(ms, resolve);
      signal?.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });

  /** Timers that have neither fired nor been cancelled: what a loop that has ended must have none of. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer fires; undefined if there is none. */
  get nextTimerMs(): number | undefined {
    const next = this.#findNext(Infinity);
    return next === undefined ? undefined : next.dueMs - this.#bootMs;
  }

  /** Fires what is due within `ms`, at its time, and goes on at once: what a callback awaits is for later. */
  advance(ms: number): void {
    const untilMs = this.#bootMs + ms;
    for (let next = this.#findNext(untilMs); next !== undefined; next = this.#findNext(untilMs))
      this.#fire(next);
    this.#setTime(untilMs);
  }

  /**
   * Lets `ms` pass as real time would: before and after each timer the event loop drains, so that whoever slept goes on, and
   * what it schedules then is due in its turn. Drives whole loops; nothing real is waited for.
   */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#bootMs + ms;
    await drainEventLoop();
    for (let next = this.#findNext(untilMs); next !== undefined; next = this.#findNext(untilMs)) {
      this.#fire(next);
      await drainEventLoop();
    }
    this.#setTime(untilMs);
  }

  /** Goes from timer to timer until that is so. Rejects, naming `what`, where no timer within `withinMs` brings it about. */
  async passUntil(what: string, isSo: () => boolean | undefined, withinMs = 600_000): Promise<void> {
    const untilMs = this.#bootMs + withinMs;
    await drainEventLoop();
    while (isSo() !== true) {
      const next = this.#findNext(untilMs);
      if (next === undefined) throw new Error(`not within ${withinMs} ms of fake time: ${what}`);
      this.#fire(next);
      await drainEventLoop();
    }
  }

  /** The process does not run for so long: what is due meanwhile fires with the next advance. */
  freeze(ms: number): void {
    this.#setTime(this.#bootMs + ms);
  }

  stepWallClock(ms: number): void {
    this.#wallMs += ms;
  }

  #findNext(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueMs <= untilMs && timer.dueMs < (next?.dueMs ?? Infinity)) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.#setTime(timer.dueMs);
    this.#timers.delete(timer);
    timer.callback();
  }

  /** Never back: a callback may have advanced the clock itself. */
  #setTime(bootMs: number): void {
    const ms = Math.max(0, bootMs - this.#bootMs);
    this.#bootMs += ms;
    this.#wallMs += ms;
  }
}

/** A sleep lets the time itself pass, at once: for work that is awaited as a whole. */
export class EagerClock extends FakeClock {
  override readonly sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted !== true) this.advance(ms);
  };
}

/** Until everything is done that needs no time: promises that are settled, and what waits for the next turn. */
export async function drainEventLoop(): Promise<void> {
  for (let turn = 0; turn < DRAIN_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}
