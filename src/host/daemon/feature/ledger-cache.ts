import { CtrkitError } from '../../../contract/errors.ts';
import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { selectFeatureLedger } from '../../../decide/images/ledger-changes.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { LedgerStore } from '../../../ports/ledger-store.ts';

/** Shortest pause between two writes. */
const PAUSE_MS = 100;

type Pacing = Pick<Clock, 'bootMs' | 'schedule'>;

interface Change {
  readonly feature: string;
  readonly apply: (ledger: FeatureLedger) => FeatureLedger;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The ledger in memory, write-through: a change is on the disk before anything is done about it. Changes that come within
 * one turn of the event loop, or within 100 ms of the last write, are written together: a write is of the whole ledger, and
 * is synced, so one for each feature would cost the square of their number.
 */
export class LedgerCache {
  readonly #store: Pick<LedgerStore, 'write'>;
  readonly #clock: Pacing | undefined;
  #ledger: Ledger;
  /** In the order in which they came. */
  #waiting: Change[] = [];
  /** Boot clock. */
  #writtenMs = -Infinity;

  /**
   * A shadow gives a `store` whose `write` does nothing: then the changes are in memory only. Without a clock each change is
   * written by itself, at once.
   */
  constructor(store: Pick<LedgerStore, 'write'>, ledger: Ledger, clock?: Pacing) {
    this.#store = store;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  get all(): Ledger {
    return this.#ledger;
  }

  /** Without the changes that are not written yet. */
  read(feature: string): FeatureLedger {
    return selectFeatureLedger(this.#ledger, feature);
  }

  /**
   * Writes what `change` returns, unless it is the same object; resolves when it is on the disk, and `read` has it then.
   * Rejects with CtrkitError('disk'): then nothing has changed.
   */
  update(feature: string, change: (ledger: FeatureLedger) => FeatureLedger): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ feature, apply: change, resolve, reject });
      if (this.#clock === undefined) this.#writeWaiting();
      else if (this.#waiting.length === 1) this.#schedule(this.#clock);
    });
  }

  #schedule({ bootMs, schedule }: Pacing): void {
    const waitMs = Math.max(0, this.#writtenMs + PAUSE_MS - bootMs());
    schedule(waitMs, () => {
      this.#writeWaiting();
      this.#writtenMs = bootMs();
    });
  }

  #writeWaiting(): void {
    const changes = this.#waiting;
    this.#waiting = [];
    this.#write(changes);
  }

  #write(changes: readonly Change[]): void {
    try {
      const ledger = changes.reduce(applyChange, this.#ledger);
      if (ledger !== this.#ledger) this.#store.write(ledger);
      this.#ledger = ledger;
    } catch (error) {
      const isDefect = !(error instanceof CtrkitError) || error.code === 'defect';
      // A change that makes no sense fails alone; a disk that is full fails all of them.
      if (isDefect && changes.length > 1) for (const change of changes) this.#write([change]);
      else for (const { reject } of changes) reject(error);
      return;
    }
    for (const { resolve } of changes) resolve();
  }
}

function applyChange(ledger: Ledger, { feature, apply }: Change): Ledger {
  const current = selectFeatureLedger(ledger, feature);
  const changed = apply(current);
  return changed === current ? ledger : { ...ledger, [feature]: changed };
}
