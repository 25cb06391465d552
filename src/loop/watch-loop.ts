import { CtrkitError } from '../contract/errors.ts';
import { findEarliest } from '../contract/timestamps.ts';
import type { RowAddress } from '../contract/rows.ts';
import type { Clock } from '../ports/clock.ts';
import type { RowStore } from '../ports/row-store.ts';
import { Backoff, DATABASE_BACKOFF } from './backoff.ts';
import { Wakeup } from './wakeup.ts';

/** A loop for which nobody waits any more ends within this time. */
const ORPHAN_POLL_MS = 1_000;
/** Reconciles even without an event: a server may be configured to send none, or refuse the subscription. */
const SLOW_POLL_MS = 5_000;
/** A server that refuses the subscription is asked again after this time: gates that only poll miss each other's answers. */
const ASK_AGAIN_MS = 15_000;
/**
 * So long a session has to last until an outage counts as over. The longest back-off is as long: a server that takes each
 * connection, answers once and drops it is asked no more often than one that is away.
 */
const STABLE_MS = DATABASE_BACKOFF.longestMs;

/** The connection of a reconciler, open until the loop is done or an outage closes it. */
export interface Session {
  readonly store: RowStore;
}

/** The result of one reconciliation. */
export type ReconcileResult<T> =
  /** The loop ends and returns `value`. */
  | { readonly kind: 'done'; readonly value: T }
  /** Reconcile again after `afterMs` milliseconds, whatever changes meanwhile. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** Reconcile again when one of `rows` changes, at `requeueAtMs` (boot clock), or after 5 s. */
  | {
      readonly kind: 'sleep';
      readonly rows: readonly RowAddress[];
      readonly requeueAtMs: number | undefined;
    };

export interface Reconciler<S extends Session, T> {
  /** Called at the start and after each outage: the files that name the databases may have changed. */
  readonly open: () => S;
  /** Reads, decides and acts. Level-based: it depends on the current state only, not on the event that woke the loop. */
  readonly reconcile: (session: S) => Promise<ReconcileResult<T>>;
  /** True if the error may pass by itself. Any other error ends the loop and is thrown on. */
  readonly isOutage: (error: CtrkitError) => boolean;
  readonly reportOutage: (error: CtrkitError) => void;
  /** Called once after an outage, when everything has worked for a while. */
  readonly reportRecovery: () => void;
  /** The server refuses the subscription: changes are noticed by polling. Called every 15 s. */
  readonly reportRefusal: (refusal: string) => void;
  /** The result of a loop for which nobody waits any more; undefined while somebody waits. Optional. */
  readonly findOrphaned?: () => T | undefined;
}

export interface WatchLoopPorts {
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/**
 * Opens the store, reconciles, and subscribes to the rows. Then it reconciles once more, because a change between the reading
 * and the subscription would be lost. From then on it sleeps until a row changes, until `requeueAtMs`, or for 5 s, and
 * reconciles again. An outage closes the store; after a back-off the loop begins anew. A subscription that ends is an outage;
 * one that the server refuses is none. The back-off is reset when a session has lasted for a while: reading alone, or a
 * connection that is dropped after its first answer, must not make the next try come sooner.
 */
export class WatchLoop<S extends Session, T extends {}> {
  readonly #reconciler: Reconciler<S, T>;
  readonly #clock: Clock;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;
  /** ORPHAN_POLL_MS, or no limit if the loop can't be orphaned: then it need not wake up to ask. */
  readonly #longestSleepMs: number;

  constructor(reconciler: Reconciler<S, T>, { clock, random }: WatchLoopPorts) {
    this.#reconciler = reconciler;
    this.#clock = clock;
    this.#wakeup = new Wakeup(clock);
    this.#backoff = new Backoff(DATABASE_BACKOFF, random);
    this.#longestSleepMs = reconciler.findOrphaned === undefined ? Infinity : ORPHAN_POLL_MS;
  }

  /** Returns the value of the result `done`, or of `findOrphaned`. Throws every error that is no outage. */
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
        pauseMs = this.#backoff.recordFailure();
      } finally {
        session?.store.close();
      }
      await this.#pause(pauseMs);
      const orphaned = this.#findOrphaned();
      if (orphaned !== undefined) return orphaned;
    }
  }

  async #runWith(session: S): Promise<T> {
    const stableAtMs = this.#clock.bootMs() + STABLE_MS;
    let hasWatched = false;
    let pollUntilMs = -Infinity;
    for (;;) {
      const orphaned = this.#findOrphaned();
      if (orphaned !== undefined) return orphaned;
      // Before the rows are read: what they say was not watched all the time.
      if (hasWatched && !session.store.isWatching) throw createWatchLoss();
      const result = await this.#reconciler.reconcile(session);
      if (result.kind === 'done') return result.value;
      const nowMs = this.#clock.bootMs();
      if (nowMs >= stableAtMs) this.#recordRecovery();
      if (result.kind === 'requeue') await this.#pause(result.afterMs);
      else if (hasWatched || nowMs < pollUntilMs)
        await this.#sleepUntilChange(findEarliest([result.requeueAtMs, this.#findRecoveryMs(stableAtMs)]));
      else {
        const { refusal } = await session.store.watch(result.rows, this.#wakeup.notify);
        hasWatched = refusal === '';
        if (hasWatched) continue;
        pollUntilMs = nowMs + ASK_AGAIN_MS;
        this.#reconciler.reportRefusal(refusal);
      }
    }
  }

  /** The end of an outage is told when it is there, not with the next poll. */
  #findRecoveryMs(stableAtMs: number): number | undefined {
    return this.#backoff.failures > 0 ? stableAtMs : undefined;
  }

  #recordRecovery(): void {
    if (this.#backoff.failures > 0) this.#reconciler.reportRecovery();
    this.#backoff.recordSuccess();
  }

  /** Returns early if nobody waits any more. */
  async #sleepUntilChange(requeueAtMs = Infinity): Promise<void> {
    const dueMs = Math.min(this.#clock.bootMs() + SLOW_POLL_MS, requeueAtMs);
    for (;;) {
      const leftMs = dueMs - this.#clock.bootMs();
      if (leftMs <= 0 || (await this.#wakeup.sleep(Math.min(leftMs, this.#longestSleepMs)))) return;
      if (this.#findOrphaned() !== undefined) return;
    }
  }

  /** Returns early if nobody waits any more. */
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

const createWatchLoss = (): CtrkitError =>
  new CtrkitError('database', 'the database has ended the subscription to its events');
