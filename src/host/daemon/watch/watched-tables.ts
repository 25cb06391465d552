import { fastRestartRow, warmRestartRow } from '../../../contract/feature/switch-rows.ts';
import { GLOBAL_POLICY, imagePolicyRow } from '../../../contract/images/image-policy.ts';
import { labelsRow } from '../../../contract/cluster/feature-labels.ts';
import { masterConfigRow } from '../../../contract/cluster/master-config.ts';
import { masterStatusRow } from '../../../contract/cluster/master-status.ts';
import { deviceMetadataRow } from '../../../contract/cluster/node-labels.ts';
import { FEATURE_TABLE, HEALTH_TABLE, type RowAddress } from '../../../contract/rows.ts';
import type { TableChange, WatchedTable } from '../../../ports/switch-tables.ts';

const toTable = ({ db, table }: RowAddress): WatchedTable => ({ db, table });

/** The tables that the daemon's one watch reports. */
export const WATCHED_TABLES: readonly WatchedTable[] = [
  { db: 'config', table: FEATURE_TABLE },
  toTable(imagePolicyRow(GLOBAL_POLICY)),
  toTable(masterConfigRow),
  toTable(deviceMetadataRow),
  { db: 'state', table: FEATURE_TABLE },
  { db: 'state', table: HEALTH_TABLE },
  toTable(labelsRow('state')),
  toTable(masterStatusRow),
  toTable(warmRestartRow),
  toTable(fastRestartRow),
];
/** Their rows have the names of features. */
const FEATURE_TABLES: ReadonlySet<string> = new Set([
  FEATURE_TABLE,
  HEALTH_TABLE,
  imagePolicyRow(GLOBAL_POLICY).table,
]);
/** Tables of CONFIG_DB on which no decision on a feature rests. */
const CLUSTER_TABLES: ReadonlySet<string> = new Set([masterConfigRow.table, deviceMetadataRow.table]);

/** Which features a change concerns: all, none, or the one that has the row's name. */
export function decideAffected({ db, table, row }: TableChange): 'all' | 'none' | 'one' {
  if (FEATURE_TABLES.has(table) && row !== GLOBAL_POLICY) return 'one';
  return db === 'config' && CLUSTER_TABLES.has(table) ? 'none' : 'all';
}
