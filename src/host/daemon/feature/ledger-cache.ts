import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { selectFeatureLedger } from '../../../decide/images/ledger-changes.ts';
import type { LedgerStore } from '../../../ports/ledger-store.ts';

/** The ledger in memory, write-through: a change is on the disk before anything is done about it. */
export class LedgerCache {
  readonly #store: Pick<LedgerStore, 'write'>;
  #ledger: Ledger;

  /** A shadow gives a `store` whose `write` does nothing: then the changes are in memory only. */
  constructor(store: Pick<LedgerStore, 'write'>, ledger: Ledger) {
    this.#store = store;
    this.#ledger = ledger;
  }

  get all(): Ledger {
    return this.#ledger;
  }

  read(feature: string): FeatureLedger {
    return selectFeatureLedger(this.#ledger, feature);
  }

  /** Writes what `change` returns, unless it is the same object. Throws CtrkitError('disk'): then nothing has changed. */
  update(feature: string, change: (ledger: FeatureLedger) => FeatureLedger): void {
    const current = this.read(feature);
    const changed = change(current);
    if (changed === current) return;
    const ledger = { ...this.#ledger, [feature]: changed };
    this.#store.write(ledger);
    this.#ledger = ledger;
  }
}
