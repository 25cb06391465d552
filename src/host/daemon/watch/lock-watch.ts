import { decideLock } from '../../../decide/feature/decide-lock.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { LockStore } from '../../../ports/lock-store.ts';
import type { Log } from '../../../ports/log.ts';

/** The folder is read at most this often: a lock takes effect within this time. */
const READ_EVERY_MS = 250;

/** The operators' locks that are in force. While they can't be read, every feature counts as locked. */
export class LockWatch {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #outage: OutageLog;
  /** The key is the feature. */
  #texts: ReadonlyMap<string, string> = new Map();
  /** Why the locks can't be read, one line. */
  #problem: string | undefined;
  /** Boot clock. */
  #readMs = -Infinity;

  constructor(store: LockStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#outage = new OutageLog(log, clock);
  }

  /** The lock on the feature as of the last 250 ms, one line for people; undefined if none is in force. */
  findText(feature: string): string | undefined {
    if (this.#clock.bootMs() >= this.#readMs + READ_EVERY_MS) this.#readLocks();
    return this.#problem ?? this.#texts.get(feature);
  }

  /** The same as `findText`, but read now. */
  readText(feature: string): string | undefined {
    this.#readLocks();
    return this.#problem ?? this.#texts.get(feature);
  }

  #readLocks(): void {
    const now = readTimestamps(this.#clock);
    this.#readMs = now.bootMs;
    try {
      const { locks, problems } = this.#store.list();
      const active = locks.flatMap((lock) => {
        const verdict = decideLock(lock, now);
        return verdict.kind === 'active' ? [[lock.feature, verdict.text] as const] : [];
      });
      this.#texts = new Map(active);
      this.#problem = undefined;
      if (problems[0] === undefined) this.#outage.logRecovery('the locks can be read again');
      else this.#outage.logFailure(problems[0]);
    } catch (error) {
      this.#problem = `the locks can't be read: ${(error as Error).message}`;
      this.#outage.logFailure(this.#problem);
    }
  }
}
