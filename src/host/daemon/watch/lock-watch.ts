import type { LockStore } from '../../../ports/lock-store.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { decideLock } from '../../../decide/feature/decide-lock.ts';
import { OutageLog } from '../../../loop/outage-log.ts';

/** The folder is read again this often at most: a lock takes effect within it. */
const READ_EVERY_MS = 250;

/** Operators' locks as of a moment ago. */
export class LockWatch {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #outage: OutageLog;
  #texts: ReadonlyMap<string, string> = new Map();
  /** Locks can't be read: then every feature counts as locked. */
  #problem: string | undefined;
  #readMs = -Infinity;

  constructor(store: LockStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#outage = new OutageLog(log, clock);
  }

  /** The lock that holds on the feature, one line for people; undefined if none does. `isFresh`: read at this moment. */
  findText(feature: string, isFresh = false): string | undefined {
    const nowMs = this.#clock.bootMs();
    if (isFresh || nowMs >= this.#readMs + READ_EVERY_MS) this.read(nowMs);
    return this.#problem ?? this.#texts.get(feature);
  }

  private read(nowMs: number): void {
    this.#readMs = nowMs;
    try {
      const { locks, problems } = this.#store.list();
      const now = { bootId: this.#clock.bootId(), bootMs: nowMs, wallMs: this.#clock.wallMs() };
      const held = locks.flatMap((lock) => {
        const verdict = decideLock(lock, now);
        return verdict.kind === 'held' ? [[lock.feature, verdict.text] as const] : [];
      });
      this.#texts = new Map(held);
      this.#problem = undefined;
      if (problems[0] === undefined) this.#outage.mend('the locks can be read again');
      else this.#outage.fail(problems[0]);
    } catch (error) {
      this.#problem = `the locks can't be read: ${(error as Error).message}`;
      this.#outage.fail(this.#problem);
    }
  }
}
