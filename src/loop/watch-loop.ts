import { CtrkitError } from '../contract/errors.ts';
import type { RowAddress } from '../contract/rows.ts';
import type { Clock } from '../ports/clock.ts';
import type { RowStore } from '../ports/row-store.ts';
import { Backoff, DATABASE_BACKOFF } from './backoff.ts';
import { Wakeup } from './wakeup.ts';

/** How soon a loop for which nobody waits any more notices. */
const ORPHAN_POLL_MS = 1_000;
/** Behind the events, for a server that sends none. */
const SLOW_POLL_MS = 5_000;

/** What a reconciler works on: open from the first reading until it is done or something fails. */
export interface Session {
  readonly store: RowStore;
}

/** What one reconciliation came to. */
export type ReconcileResult<T> =
  /** The loop ends and returns `value`. */
  | { readonly kind: 'done'; readonly value: T }
  /** Reconcile again after so many milliseconds, 0 for at once, whatever changes meanwhile. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** Reconcile again when one of `rows` changes, at `requeueAtMs` on the boot clock, or by the slow poll. */
  | {
      readonly kind: 'sleep';
      readonly rows: readonly RowAddress[];
      readonly requeueAtMs: number | undefined;
    };

export interface Reconciler<S extends Session, T> {
  /** Asked again after each outage: files and servers come and go. */
  readonly open: () => S;
  /** Reads, decides, acts. Level-based: it goes by what is so now, and not by which event, or whether any, has woken it. */
  readonly reconcile: (session: S) => Promise<ReconcileResult<T>>;
  /** Whether an error passes by itself. What is none ends the loop, which throws it on. */
  readonly isOutage: (error: CtrkitError) => boolean;
  readonly reportOutage: (error: CtrkitError) => void;
  /** The result if nobody waits for it any more, else undefined. Left out where the process ends with whoever waits. */
  readonly findOrphaned?: () => T | undefined;
}

export interface WatchLoopPorts {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Reconciles over and over: opens the store, reconciles, subscribes to the rows that were read, reconciles once more because
 * a change between the reading and the subscription would be lost, and then sleeps until something changes, until it is
 * time, or for 5 s. An outage closes the store, and everything begins anew after a back-off; a reconciliation resets the
 * back-off together with the sleep or the subscription that follows it, nothing less.
 */
export class WatchLoop<S extends Session, T extends {}> {
  readonly #reconciler: Reconciler<S, T>;
  readonly #clock: Clock;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;
  /** Who can be orphaned sleeps no longer than it may go unnoticed; who can't does not wake up for nothing. */
  readonly #longestSleepMs: number;

  constructor(reconciler: Reconciler<S, T>, { clock, random }: WatchLoopPorts) {
    this.#reconciler = reconciler;
    this.#clock = clock;
    this.#wakeup = new Wakeup(clock);
    this.#backoff = new Backoff(DATABASE_BACKOFF, random);
    this.#longestSleepMs = reconciler.findOrphaned === undefined ? Infinity : ORPHAN_POLL_MS;
  }

  /** What the last reconciliation, or `findOrphaned`, has given. Throws what is no outage. */
  async run(): Promise<T> {
    for (;;) {
      let session: S | undefined;
      let pauseMs: number;
      try {
        session = this.#reconciler.open();
        return await this.#runWith(session);
      } catch (error) {
        if (!(error instanceof CtrkitError) || !this.#reconciler.isOutage(error)) throw error;
        this.#reconciler.reportOutage(error);
        pauseMs = this.#backoff.fail();
      } finally {
        session?.store.close();
      }
      await this.#pause(pauseMs);
      const orphaned = this.#findOrphaned();
      if (orphaned !== undefined) return orphaned;
    }
  }

  async #runWith(session: S): Promise<T> {
    for (;;) {
      const orphaned = this.#findOrphaned();
      if (orphaned !== undefined) return orphaned;
      const result = await this.#reconciler.reconcile(session);
      switch (result.kind) {
        case 'done':
          return result.value;
        case 'requeue':
          await this.#pause(result.afterMs);
          break;
        case 'sleep':
          if (session.store.isWatching) await this.#sleepUntilChange(result.requeueAtMs);
          else await session.store.watch(result.rows, this.#wakeup.notify);
          this.#backoff.succeed();
      }
    }
  }

  /** Ends early when nobody waits any more. */
  async #sleepUntilChange(requeueAtMs = Infinity): Promise<void> {
    const dueMs = Math.min(this.#clock.bootMs() + SLOW_POLL_MS, requeueAtMs);
    for (;;) {
      const leftMs = dueMs - this.#clock.bootMs();
      if (leftMs <= 0 || (await this.#wakeup.sleep(Math.min(leftMs, this.#longestSleepMs)))) return;
      if (this.#findOrphaned() !== undefined) return;
    }
  }

  /** Ends early when nobody waits any more. */
  async #pause(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= this.#longestSleepMs) {
      await this.#clock.sleep(Math.min(leftMs, this.#longestSleepMs));
      if (this.#findOrphaned() !== undefined) return;
    }
  }

  #findOrphaned(): T | undefined {
    return this.#reconciler.findOrphaned?.();
  }
}
