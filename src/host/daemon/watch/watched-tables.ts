import { GLOBAL_POLICY } from '../../../contract/images/image-policy.ts';
import { labelsRow } from '../../../contract/cluster/feature-labels.ts';
import { masterConfigRow } from '../../../contract/cluster/master-config.ts';
import { masterStatusRow } from '../../../contract/cluster/master-status.ts';
import { deviceMetadataRow } from '../../../contract/cluster/node-labels.ts';
import type { RowAddress } from '../../../contract/rows.ts';
import type { TableChange, WatchedTable } from '../../../ports/switch-tables.ts';

const tableOf = ({ db, table }: RowAddress): WatchedTable => ({ db, table });

/** What the daemon's one watch tells of. */
export const WATCHED_TABLES: readonly WatchedTable[] = [
  { db: 'config', table: 'FEATURE' },
  { db: 'config', table: 'IMAGE_MGMT' },
  tableOf(masterConfigRow),
  tableOf(deviceMetadataRow),
  { db: 'state', table: 'FEATURE' },
  { db: 'state', table: 'CONTAINER_HEALTH' },
  tableOf(labelsRow('state')),
  tableOf(masterStatusRow),
  { db: 'state', table: 'WARM_RESTART_ENABLE_TABLE' },
  { db: 'state', table: 'FAST_RESTART_ENABLE_TABLE' },
];
/** Their rows are features. */
const OF_ONE_FEATURE: ReadonlySet<string> = new Set(['FEATURE', 'CONTAINER_HEALTH', 'IMAGE_MGMT']);
/** Of CONFIG_DB: nothing is decided on a feature by them. */
const OF_THE_CLUSTER: ReadonlySet<string> = new Set([masterConfigRow.table, deviceMetadataRow.table]);

/** Whom a change is about: all features, none, or the one that has its row's name. */
export function decideAffected({ db, table, row }: TableChange): 'all' | 'none' | 'one' {
  if (OF_ONE_FEATURE.has(table) && row !== GLOBAL_POLICY) return 'one';
  return db === 'config' && OF_THE_CLUSTER.has(table) ? 'none' : 'all';
}
