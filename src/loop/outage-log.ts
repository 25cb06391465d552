import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** An outage is logged at once and then once a minute, not with every try. */
export const REPEAT_AFTER_MS = 60_000;

/** Logs that something is out of order, at once and then once a minute, and that it is well again. */
export class OutageLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** What was logged last; empty while all is well. */
  #text = '';
  #loggedMs = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  fail(text: string): void {
    const nowMs = this.#clock.bootMs();
    if (text === this.#text && nowMs < this.#loggedMs + REPEAT_AFTER_MS) return;
    this.#text = text;
    this.#loggedMs = nowMs;
    this.#log.warn(text);
  }

  /** Logs `text` if something was out of order since the last call. */
  mend(text: string): void {
    if (this.#text !== '') this.#log.info(text);
    this.#text = '';
  }
}
