import type { Ledger } from '../contract/images/ledger.ts';

export interface LedgerReading {
  readonly ledger: Ledger;
  /** What was found broken, moved aside or taken from the older copy; a line each, empty when all is well. */
  readonly problems: readonly string[];
}

/** The ledger on the host's disk. One writer, the daemon; any number of readers. */
export interface LedgerStore {
  /** Never throws for what the files contain; throws CtrkitError('disk') if the folder can't be read. */
  readonly read: () => LedgerReading;
  /** On the disk when it returns, whole or not at all. Throws CtrkitError('disk'). */
  readonly write: (ledger: Ledger) => void;
}
