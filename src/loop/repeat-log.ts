import type { Clock } from '../ports/clock.ts';
import { REPEAT_AFTER_MS } from './outage-log.ts';

/** Logs a line at once, and another one on the same subject only after a minute. */
export class RepeatLog {
  readonly #write: (text: string) => void;
  readonly #clock: Clock;
  /** When a line on each subject was logged last, of the last minute; milliseconds on the boot clock. */
  readonly #loggedMs = new Map<string, number>();

  /** `write` logs one line. */
  constructor(write: (text: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  /** `subject` is what lines that tell the same in different words have in common. */
  log(text: string, subject = text): void {
    const nowMs = this.#clock.bootMs();
    for (const [other, loggedMs] of this.#loggedMs)
      if (nowMs >= loggedMs + REPEAT_AFTER_MS) this.#loggedMs.delete(other);
    if (this.#loggedMs.has(subject)) return;
    this.#loggedMs.set(subject, nowMs);
    this.#write(text);
  }

  /** Forgets all lines: each subject is new again. */
  forget(): void {
    this.#loggedMs.clear();
  }
}
