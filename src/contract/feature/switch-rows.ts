/** Rows that are about the switch, not about one feature (sonic.md, "STATE_DB"; HLD, "Kubernetes Server Status"). */
import { isTrue } from './feature.ts';
import type { FieldValues, RowAddress } from '../rows.ts';

export const masterRow: RowAddress = { db: 'state', table: 'KUBERNETES_MASTER', row: 'SERVER' };
export const warmRestartRow: RowAddress = { db: 'state', table: 'WARM_RESTART_ENABLE_TABLE', row: 'system' };
export const fastRestartRow: RowAddress = { db: 'state', table: 'FAST_RESTART_ENABLE_TABLE', row: 'system' };

/** What `decodeMaster` reads. */
export const MASTER_FIELDS = ['connected', 'server_reachability'] as const;

/**
 * The master can deploy here: this switch has joined it, and it answers as far as anybody has said (the shipped kit says
 * nothing of that). Undefined as long as nobody has said whether this switch has joined.
 */
export function decodeMaster({
  connected,
  server_reachability: reachability,
}: FieldValues): boolean | undefined {
  if (connected === undefined || connected === '') return undefined;
  return isTrue(connected) && reachability?.toLowerCase() !== 'false';
}

/** A warm or fast reboot is under way: containers end without having failed. SONiC writes true, or enable. */
export const isRestartEnabled = (values: FieldValues): boolean =>
  ['true', 'enable', '1'].includes((values['enable'] ?? '').toLowerCase());
