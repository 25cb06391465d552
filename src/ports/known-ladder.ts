import type { FeatureLock } from '../contract/feature/lock.ts';
import type { FeatureLedger, Ledger } from '../contract/images/ledger.ts';

/** What this host's disk says of one feature's images, without databases and engine. */
export interface KnownLadder {
  readonly own: FeatureLedger;
  /** Of all features. */
  readonly ledger: Ledger;
  /** Of all features, also those whose time is over. */
  readonly locks: readonly FeatureLock[];
  /** SONiC's list of local repositories, by feature. */
  readonly mapped: ReadonlyMap<string, string>;
}
