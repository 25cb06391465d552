import type { Clock } from '../../../ports/clock.ts';

/** Lets only so many go at once; the others wait in the order in which they came, and not for ever. */
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

  /** True when it is the caller's turn: it has to `end` it. False if that did not come in time, or never will. */
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

  /** Whoever waits is told no, and whoever comes. */
  close(): void {
    this.#isClosed = true;
    for (const settle of this.#waiting) settle(false);
  }
}
