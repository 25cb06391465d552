import type { Clock } from '../../../ports/clock.ts';

/** A counting semaphore with a time limit. Waiters are served in the order in which they came. */
export class Semaphore {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #waiting = new Set<(mayGo: boolean) => void>();
  #free: number;
  #isClosed = false;

  constructor(atOnce: number, maxWaitMs: number, clock: Clock) {
    this.#free = atOnce;
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Resolves with true when a slot is free; the caller has to `release` it. False after the time limit, or once closed. */
  async acquire(): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (mayGo: boolean): void => {
        cancel();
        this.#waiting.delete(settle);
        resolve(mayGo);
      };
      const cancel = this.#clock.schedule(this.#maxWaitMs, () => settle(false));
      this.#waiting.add(settle);
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  /** Every waiting or later `acquire` resolves with false. */
  close(): void {
    this.#isClosed = true;
    for (const settle of this.#waiting) settle(false);
  }
}
