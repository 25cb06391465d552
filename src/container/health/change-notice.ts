import type { Clock } from '../../ports/clock.ts';

/** Says at once that something has changed, and then once in a while: a process may end forty times a second. */
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

  /** What has changed last may not be told any more. */
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
