import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** What goes on is said at once and then once a minute, not with every try. */
export const SAY_AGAIN_MS = 60_000;

/** Says that something is out of order, and that it is well again. */
export class OutageLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #text = '';
  #saidMs = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  fail(text: string): void {
    const nowMs = this.#clock.bootMs();
    if (text === this.#text && nowMs < this.#saidMs + SAY_AGAIN_MS) return;
    this.#text = text;
    this.#saidMs = nowMs;
    this.#log.warn(text);
  }

  /** Says `text` if anything was out of order since. */
  mend(text: string): void {
    if (this.#text !== '') this.#log.info(text);
    this.#text = '';
  }
}
