import type { FeatureLock } from '../../src/contract/feature/lock.ts';

/** Bob's lock on snmp, for good. */
export const lockOf = (changes: Partial<FeatureLock> = {}): FeatureLock => ({
  feature: 'snmp',
  owner: 'bob',
  reason: 'x',
  sinceTs: 0,
  forMs: 0,
  bootId: '',
  bootMs: 0,
  ...changes,
});
