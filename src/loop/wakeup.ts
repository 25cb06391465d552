import type { Clock } from '../ports/clock.ts';

/**
 * Lets a loop sleep until something happens, or until a time limit. A notification that comes while the loop is awake is not
 * lost: the next sleep ends at once. Several notifications end one sleep. There may be one sleeper at a time. A sleep that
 * has ended leaves no timer behind.
 */
export class Wakeup {
  readonly #clock: Clock;
  #isDue = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A bound function, so that it can be passed as a listener. */
  readonly notify = (): void => {
    this.#isDue = true;
    this.#wake?.();
  };

  /** True if something happened, false if `timeoutMs` milliseconds have passed. Never rejects. */
  async sleep(timeoutMs: number): Promise<boolean> {
    if (!this.#isDue)
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.schedule(timeoutMs, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    this.#wake = undefined;
    const hasHappened = this.#isDue;
    this.#isDue = false;
    return hasHappened;
  }
}
