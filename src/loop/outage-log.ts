import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** An outage is logged at once and then once a minute, not with every try. */
export const REPEAT_AFTER_MS = 60_000;

/** Logs a failure at once and then once a minute while it lasts, and logs once when it is over. */
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

  logFailure(text: string): void {
    const nowMs = this.#clock.bootMs();
    if (text === this.#text && nowMs < this.#loggedMs + REPEAT_AFTER_MS) return;
    this.#text = text;
    this.#loggedMs = nowMs;
    this.#log.warn(text);
  }

  /** The failure is over: logs `text` if a failure was logged since the last call. */
  logRecovery(text: string): void {
    if (this.#text !== '') this.#log.info(text);
    this.#text = '';
  }
}
