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
}

export interface WatchLoopPorts {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Nobody waits for the result any more. Left out where the process is ended with whoever waits. */
  readonly isOrphaned?: () => boolean;
}

/**
 * Reconciles over and over: opens the store, reconciles, subscribes to the rows that were read, reconciles once more because
 * a change between the reading and the subscription would be lost, and then sleeps until something changes, until it is
 * time, or for 5 s. An outage closes the store, and everything begins anew after a back-off; a reconciliation resets the
 * back-off together with the sleep or the subscription that follows it, nothing less.
 */
export class WatchLoop<S extends Session, T> {
  readonly #reconciler: Reconciler<S, T>;
  readonly #ports: WatchLoopPorts;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;

  constructor(reconciler: Reconciler<S, T>, ports: WatchLoopPorts) {
    this.#reconciler = reconciler;
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#backoff = new Backoff(DATABASE_BACKOFF, ports.random);
  }

  /** The value of the reconciliation that was the last one. Throws what is no outage. */
  async run(): Promise<T | 'orphaned'> {
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
      if (!(await this.#pause(pauseMs))) return 'orphaned';
    }
  }

  async #runWith(session: S): Promise<T | 'orphaned'> {
    for (;;) {
      if (this.#isOrphaned()) return 'orphaned';
      const result = await this.#reconciler.reconcile(session);
      if (result.kind === 'done') return result.value;
      if (result.kind === 'requeue') {
        if (!(await this.#pause(result.afterMs))) return 'orphaned';
        continue;
      }
      if (!session.store.isWatching) await session.store.watch(result.rows, this.#wakeup.notify);
      else if (!(await this.#sleepUntilChange(result.requeueAtMs))) return 'orphaned';
      this.#backoff.succeed();
    }
  }

  /** False when nobody waits any more. */
  async #sleepUntilChange(requeueAtMs = Infinity): Promise<boolean> {
    const { clock } = this.#ports;
    const dueMs = Math.min(clock.bootMs() + SLOW_POLL_MS, requeueAtMs);
    for (;;) {
      const leftMs = dueMs - clock.bootMs();
      if (leftMs <= 0) return true;
      if (await this.#wakeup.sleep(this.#limit(leftMs))) return true;
      if (this.#isOrphaned()) return false;
    }
  }

  /** False when nobody waits any more. */
  async #pause(ms: number): Promise<boolean> {
    for (let leftMs = ms; leftMs > 0; leftMs -= this.#limit(leftMs)) {
      await this.#ports.clock.sleep(this.#limit(leftMs));
      if (this.#isOrphaned()) return false;
    }
    return true;
  }

  /** Who can be orphaned sleeps no longer than it may go unnoticed; who can't wakes up for nothing. */
  #limit(ms: number): number {
    return this.#ports.isOrphaned === undefined ? ms : Math.min(ms, ORPHAN_POLL_MS);
  }

  #isOrphaned(): boolean {
    return this.#ports.isOrphaned?.() === true;
  }
}
