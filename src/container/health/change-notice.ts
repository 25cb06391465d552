import type { Clock } from '../../ports/clock.ts';

/** Reports changes at once, but at most once an interval: a process may end forty times a second. */
export class ChangeNotice {
  readonly #clock: Clock;
  readonly #notify: () => void;
  readonly #intervalMs: number;
  /** Set for an interval after each notice. */
  #cancelNext: (() => void) | undefined;
  #isDue = false;

  constructor(clock: Clock, notify: () => void, intervalMs: number) {
    this.#clock = clock;
    this.#notify = notify;
    this.#intervalMs = intervalMs;
  }

  change(): void {
    this.#isDue = true;
    if (this.#cancelNext === undefined) this.#notifyIfDue();
  }

  /** A change that has not been reported yet is dropped. */
  close(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
  }

  #notifyIfDue(): void {
    this.#cancelNext = undefined;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#cancelNext = this.#clock.schedule(this.#intervalMs, () => this.#notifyIfDue());
    this.#notify();
  }
}
