import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { selectFeatureLedger } from '../../../decide/images/ledger-changes.ts';
import type { LedgerStore } from '../../../ports/ledger-store.ts';

/** The ledger as the daemon has it: on the disk before anything is done about it. */
export class LedgerCache {
  readonly #store: Pick<LedgerStore, 'write'>;
  #ledger: Ledger;

  /** `write` of a shadow does nothing: it decides on, and leaves the disk alone. */
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

  /** Throws CtrkitError('disk'), and then nothing has changed. */
  update(feature: string, change: (before: FeatureLedger) => FeatureLedger): void {
    const before = this.read(feature);
    const after = change(before);
    if (after === before) return;
    const ledger = { ...this.#ledger, [feature]: after };
    this.#store.write(ledger);
    this.#ledger = ledger;
  }
}
