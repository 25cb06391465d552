import type { Clock } from '../ports/clock.ts';
import { REPEAT_AFTER_MS } from './outage-log.ts';

/** Logs a line at once, and the same line again only after a minute. */
export class RepeatLog {
  readonly #write: (text: string) => void;
  readonly #clock: Clock;
  /** When each line was logged last, milliseconds on the boot clock. */
  readonly #loggedMs = new Map<string, number>();

  /** `write` logs one line. */
  constructor(write: (text: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  log(text: string): void {
    const nowMs = this.#clock.bootMs();
    if (nowMs < (this.#loggedMs.get(text) ?? -REPEAT_AFTER_MS) + REPEAT_AFTER_MS) return;
    this.#loggedMs.set(text, nowMs);
    this.#write(text);
  }

  /** Forgets all lines: each is new again. */
  forget(): void {
    this.#loggedMs.clear();
  }
}
