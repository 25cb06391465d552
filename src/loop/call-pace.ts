import type { Clock } from '../ports/clock.ts';
import type { RowStore } from '../ports/row-store.ts';

/** So many calls begin in any second (contract.md, section 3). */
const MAX_CALLS = 5;
const WINDOW_MS = 1_000;
/** A start on a host that answers at once takes as many: it is not to wait. */
const FREE_CALLS = 10;

/**
 * How often a database is asked, whatever makes a loop ask it. The loop waits for room before it begins what belongs together:
 * what was read must not have become old when it is written. So the calls themselves are only counted, all but `watch`.
 */
export class CallPace {
  readonly #clock: Clock;
  /** Boot clock: when the calls of the last second began. */
  #calledMs: readonly number[] = [];
  #freeCalls = FREE_CALLS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `calls` more calls are not too many. */
  async waitForRoom(calls: number): Promise<void> {
    for (;;) {
      const recentMs = this.#findRecent();
      const lastToPass = recentMs[recentMs.length + calls - MAX_CALLS - 1];
      if (lastToPass === undefined) return;
      await this.#clock.sleep(lastToPass + WINDOW_MS - this.#clock.bootMs());
    }
  }

  /** From now on no call is free. */
  recordOutage(): void {
    this.#freeCalls = 0;
  }

  /** The same store, its calls counted. */
  count(store: RowStore): RowStore {
    const counted = <T>(call: T): T => {
      this.#record();
      return call;
    };
    return {
      read: (rows) => counted(store.read(rows)),
      readWithCondition: (rows, probe) => counted(store.readWithCondition(rows, probe)),
      list: (table, prefix) => counted(store.list(table, prefix)),
      write: (guards, writes, onLeftOut) => counted(store.write(guards, writes, onLeftOut)),
      watch: async (rows, onChange) => {
        await this.waitForRoom(1);
        return counted(store.watch(rows, onChange));
      },
      get isWatching() {
        return store.isWatching;
      },
      close: () => store.close(),
    };
  }

  #record(): void {
    if (this.#freeCalls > 0) this.#freeCalls -= 1;
    else this.#calledMs = [...this.#findRecent(), this.#clock.bootMs()];
  }

  #findRecent(): readonly number[] {
    const nowMs = this.#clock.bootMs();
    this.#calledMs = this.#calledMs.filter((ms) => nowMs < ms + WINDOW_MS);
    return this.#calledMs;
  }
}
