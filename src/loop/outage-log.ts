import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** An outage is logged at once and then once a minute, not with every try. */
export const REPEAT_AFTER_MS = 60_000;

/** So many failures are logged in a minute, however often it fails in different ways, or fails anew. */
const MAX_FAILURES = 2;

/**
 * Logs a failure at once and then once a minute while it lasts, and logs once when it is over. What fails in turns is logged
 * no more often than MAX_FAILURES a minute.
 */
export class OutageLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** What was logged last; empty while all is well. */
  #text = '';
  #loggedMs = 0;
  /** When the last failures were logged, of the last minute. */
  #recentMs: readonly number[] = [];

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  logFailure(text: string): void {
    const nowMs = this.#clock.bootMs();
    if (text === this.#text && nowMs < this.#loggedMs + REPEAT_AFTER_MS) return;
    this.#recentMs = this.#recentMs.filter((ms) => nowMs < ms + REPEAT_AFTER_MS);
    if (this.#recentMs.length >= MAX_FAILURES) return;
    this.#recentMs = [...this.#recentMs, nowMs];
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
