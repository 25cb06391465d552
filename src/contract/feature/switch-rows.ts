/** Rows that are about the switch, not about one feature (sonic.md, "STATE_DB"). */
import type { FieldValues, RowAddress } from '../rows.ts';

export const warmRestartRow: RowAddress = { db: 'state', table: 'WARM_RESTART_ENABLE_TABLE', row: 'system' };
export const fastRestartRow: RowAddress = { db: 'state', table: 'FAST_RESTART_ENABLE_TABLE', row: 'system' };

/** A warm or fast reboot is under way: containers end without having failed. SONiC writes true, or enable. */
export const isRestartEnabled = (values: FieldValues): boolean =>
  ['true', 'enable', '1'].includes((values['enable'] ?? '').toLowerCase());

/** What `isRestartEnabled` reads. */
export const RESTART_FIELDS = ['enable'] as const;

/** No reboot takes longer. `config warm_restart enable system` leaves the announcement in the row for good. */
const LONGEST_REBOOT_MS = 600_000;

/** Whether an announced reboot is still to be expected. `rebootSinceMs` is when it was seen first, boot clock. */
export const isRebootExpected = (rebootSinceMs: number | undefined, nowMs: number): boolean =>
  rebootSinceMs !== undefined && nowMs < rebootOverAtMs(rebootSinceMs);

/** When an announced reboot that has not come is no longer expected, boot clock. */
export const rebootOverAtMs = (rebootSinceMs: number): number => rebootSinceMs + LONGEST_REBOOT_MS;
