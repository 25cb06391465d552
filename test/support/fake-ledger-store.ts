import { CtrkitError } from '../../src/contract/errors.ts';
import type { Ledger } from '../../src/contract/images/ledger.ts';
import { encodeLedger } from '../../src/host/adapters/ledger/ledger-codec.ts';
import type { LedgerReading, LedgerStore } from '../../src/ports/ledger-store.ts';

/** A disk on which nothing breaks but what a test breaks. */
export class FakeLedgerStore implements LedgerStore {
  /** All that was ever on the disk, oldest first. */
  readonly generations: Ledger[] = [];
  /** What `read` is to tell of. */
  problems: readonly string[] = [];
  /** What is wrong with the disk, empty if nothing. */
  broken = '';

  read(): LedgerReading {
    this.assertWhole();
    return { ledger: structuredClone(this.generations.at(-1) ?? {}), problems: this.problems };
  }

  write(ledger: Ledger): void {
    this.assertWhole();
    // Refuses what the real one refuses.
    encodeLedger(ledger);
    this.generations.push(structuredClone(ledger));
  }

  private assertWhole(): void {
    if (this.broken !== '') throw new CtrkitError('disk', this.broken);
  }
}
