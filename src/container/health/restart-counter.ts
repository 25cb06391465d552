import type { Clock } from '../../ports/clock.ts';
import { ChangeNotice } from './change-notice.ts';

/** A process may end forty times a second; a heartbeat for each end would wake everybody who waits for the feature. */
const NOTICE_INTERVAL_MS = 1_000;

/** Counts the unexpected exits of critical processes since the application's start. */
export class RestartCounter {
  readonly #notice: ChangeNotice;
  #total = 0;

  /** `onChange` is called at once, and then at most once a second. */
  constructor(onChange: () => void, clock: Clock) {
    this.#notice = new ChangeNotice(clock, onChange, NOTICE_INTERVAL_MS);
  }

  get total(): number {
    return this.#total;
  }

  count(): void {
    this.#total += 1;
    this.#notice.change();
  }

  /** `onChange` is not called any more. */
  stop(): void {
    this.#notice.close();
  }

  /** A new start of the application. */
  reset(): void {
    this.#total = 0;
  }
}
