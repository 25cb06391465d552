import { overdueAtMs } from '../../contract/health/heartbeat.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * Notices that this process did not run for a whole lease: it was frozen, and another container may have taken its place. While
 * something is under way it looks at the clock twice an interval, because a database that hangs is no frost.
 */
export class FrostDetector {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** Boot clock: when it is known to have run last. */
  #ranMs: number;
  #thawedMs: number | undefined;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#ranMs = clock.bootMs();
  }

  /** Boot clock: the end of the last frost; undefined if there was none, or it is forgotten. */
  get thawedMs(): number | undefined {
    this.#look();
    return this.#thawedMs;
  }

  /** The frost is over for good: the record is the own one again. */
  forget(): void {
    this.#thawedMs = undefined;
  }

  /** Does the work; throws what it throws. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    let cancel = (): void => undefined;
    const lookOn = (): void => {
      this.#look();
      cancel = this.#clock.schedule(this.#intervalMs / 2, lookOn);
    };
    lookOn();
    try {
      return await work();
    } finally {
      cancel();
      this.#look();
    }
  }

  #look(): void {
    const nowMs = this.#clock.bootMs();
    if (nowMs >= overdueAtMs({ beatMs: this.#ranMs, intervalMs: this.#intervalMs })) this.#thawedMs = nowMs;
    this.#ranMs = nowMs;
  }
}
