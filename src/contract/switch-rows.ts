/** Rows that are about the switch, not about one feature (FACTS, "STATE_DB"; HLD, "Kubernetes Server Status"). */
import { isTrue } from './feature.ts';
import type { FieldValues, RowAddress } from './rows.ts';

export const masterRow: RowAddress = { db: 'state', table: 'KUBERNETES_MASTER', row: 'SERVER' };
export const warmRestartRow: RowAddress = { db: 'state', table: 'WARM_RESTART_ENABLE_TABLE', row: 'system' };
export const fastRestartRow: RowAddress = { db: 'state', table: 'FAST_RESTART_ENABLE_TABLE', row: 'system' };

/** Undefined as long as nobody has said whether this switch has joined its master. */
export const decodeMaster = (values: FieldValues): boolean | undefined =>
  values['connected'] === undefined || values['connected'] === '' ? undefined : isTrue(values['connected']);

/** A warm or fast reboot is under way: containers end without having failed. SONiC writes true, or enable. */
export const isRestartEnabled = (values: FieldValues): boolean =>
  ['true', 'enable', '1'].includes((values['enable'] ?? '').toLowerCase());
