import type { StoredClaim } from '../../src/contract/gate/claim-file.ts';

/** The claim of a container that the gate let in for kube and recorded, as it left it for the agent. */
export const claimOf = (changes: Partial<StoredClaim> = {}): StoredClaim => ({
  feature: 'snmp',
  owner: 'kube',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
  startedMs: 1_000,
  isRecorded: true,
  hasStarted: false,
  containerStart: 'boot-1/1',
  redisUrl: '',
  isMirrored: false,
  isOutside: false,
  isReplaced: false,
  isReleased: false,
  ...changes,
});
