import type { Clock } from '../ports/clock.ts';

/**
 * Lets a loop sleep until something happens, or until it is time. What happens while it is awake is not lost: the next sleep
 * ends at once. Many notifications wake it once. One sleeper at a time; a sleep that has ended leaves no timer behind.
 */
export class Wakeup {
  readonly #clock: Clock;
  #isDue = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bound, so that it can be handed out as a listener. */
  readonly notify = (): void => {
    this.#isDue = true;
    this.#wake?.();
  };

  /** True if something happened, false if it is time. Never rejects. */
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
