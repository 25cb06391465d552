/**
 * STATE_DB `FEATURE|<f>` by what its fields mean (contract.md, section 2). The wire names stand here and nowhere else:
 * everybody who writes or guards a field encodes it.
 */
export const STATUS_FIELD = {
  currentOwner: 'current_owner',
  dockerId: 'docker_id',
  containerId: 'container_id',
  /** As one place of the shipped kit spells it: read, never written. */
  dashedId: 'container-id',
  containerVersion: 'container_version',
  remoteState: 'remote_state',
  systemState: 'system_state',
  claimToken: 'claim_token',
  claimOwner: 'claim_owner',
  claimBootId: 'claim_boot_id',
  claimMs: 'claim_ms',
  pendingToken: 'pending_token',
  updateTime: 'update_time',
  lastUpdateTs: 'last_update_ts',
  stableVersion: 'container_stable_version',
  lastVersion: 'container_last_version',
  labelOwner: 'label_owner',
  localRemovalBootId: 'local_removal_boot_id',
} as const;

export type StatusValues = Readonly<Partial<Record<keyof typeof STATUS_FIELD, string>>>;

/** The fields that are given, under their wire names: for a write, or as a guard. */
export const encodeStatus = (values: StatusValues): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [STATUS_FIELD[name as keyof typeof STATUS_FIELD], value]),
  );

/** No claim is recorded: what a release leaves, and what a record has that nobody renews. */
export const NO_CLAIM = encodeStatus({ claimToken: '', claimOwner: '', claimBootId: '', claimMs: '' });
