import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { REPEAT_AFTER_MS } from './outage-log.ts';

/** So many lines are logged in any minute. The law is six: one is left for the line with which its process ends. */
const MAX_LINES = 5;
/** Of these, so many may be there before a line that says what another one of that minute has said: the rest is for news. */
const MAX_LINES_BEFORE_REPEAT = 3;

interface LoggedLine {
  readonly text: string;
  readonly atMs: number;
}

/**
 * A log in which no cause of lines, however many there are, makes more than MAX_LINES a minute. News is told at once, but for
 * more than that; what goes back and forth is told less often. The next line says how many were left out. Errors are told always.
 */
export class LimitedLog implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  /** The lines of the last minute. */
  #recent: readonly LoggedLine[] = [];
  #leftOut = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly info: Log['info'] = (text, fields) => this.#write('info', text, fields);
  readonly warn: Log['warn'] = (text, fields) => this.#write('warn', text, fields);
  readonly error: Log['error'] = (text, fields) => this.#log.error(text, fields);

  #write(level: 'info' | 'warn', text: string, fields: Record<string, unknown> | undefined): void {
    const nowMs = this.#clock.bootMs();
    this.#recent = this.#recent.filter(({ atMs }) => nowMs < atMs + REPEAT_AFTER_MS);
    const isRepeat = this.#recent.some((line) => line.text === text);
    if (this.#recent.length >= (isRepeat ? MAX_LINES_BEFORE_REPEAT : MAX_LINES)) {
      this.#leftOut += 1;
      return;
    }
    this.#recent = [...this.#recent, { text, atMs: nowMs }];
    const note = this.#leftOut === 0 ? '' : ` (lines left out before this one: ${this.#leftOut})`;
    this.#leftOut = 0;
    this.#log[level](`${text}${note}`, fields);
  }
}
