import type { FeatureLock } from '../contract/feature/lock.ts';

/** Operators' locks, one file each. Throws CtrkitError('disk') with what is wrong with the folder or the disk. */
export interface LockStore {
  /** All of them, also those whose time is over. What is no lock is told in `problems`, and counts as a lock without end. */
  readonly list: () => { readonly locks: readonly FeatureLock[]; readonly problems: readonly string[] };
  readonly add: (lock: FeatureLock) => void;
  /** False if there was none. */
  readonly remove: (feature: string) => boolean;
}
