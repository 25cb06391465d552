/** The rows that `ctrkit` shows of one feature. */
import { CONFIG_FIELD, CONFIG_FIELDS, STATUS_FIELDS } from '../../../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../../../contract/feature/status-fields.ts';
import { enabledLabel, localVersionLabel, labelsRow } from '../../../../contract/cluster/feature-labels.ts';
import { HEALTH_FIELDS } from '../../../../contract/health/heartbeat.ts';
import { HOLD_FIELDS } from '../../../../contract/gate/hold.ts';
import {
  decodeImagePolicy,
  FALLBACK_FIELDS,
  GLOBAL_POLICY,
  IMAGE_POLICY_FIELDS,
  imagePolicyRow,
} from '../../../../contract/images/image-policy.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  type RowFields,
  type RowValues,
} from '../../../../contract/rows.ts';
import { MASTER_STATUS_FIELDS, masterStatusRow } from '../../../../contract/cluster/master-status.ts';
import type { FeatureRows } from './explain-item.ts';
import { listVersionLabels } from '../../../../decide/gate/version-blocks.ts';
import type { SwitchDatabases } from './ports.ts';

/** Of CONFIG_DB `FEATURE|<f>`. */
export const SHOWN_CONFIG = [...new Set([...CONFIG_FIELDS, ...FALLBACK_FIELDS, CONFIG_FIELD.autoRestart])];
/** Of STATE_DB `FEATURE|<f>`. */
export const SHOWN_STATUS = [...STATUS_FIELDS, STATUS_FIELD.updateTime, STATUS_FIELD.lastUpdateTs];

export interface FeatureNames {
  readonly feature: string;
  /** Its row of CONFIG_DB, see `findFeature`. */
  readonly configName: string;
  /** All of CONFIG_DB's. */
  readonly features: readonly string[];
}

/** Throws CtrkitError('database'). */
export async function readFeature(names: FeatureNames, on: SwitchDatabases): Promise<FeatureRows> {
  const { feature, configName } = names;
  const prefix = `${feature}${on.databases.state.separator}`;
  const holds = await on.store.list('CONTAINER_HOLD', prefix);
  const labels = await selectLabels(names, on);
  const wanted: RowFields[] = [
    { address: featureConfigRow(configName), fields: SHOWN_CONFIG },
    { address: featureStatusRow(feature), fields: SHOWN_STATUS },
    { address: healthRow(feature), fields: HEALTH_FIELDS },
    { address: imagePolicyRow(configName), fields: IMAGE_POLICY_FIELDS },
    { address: imagePolicyRow(GLOBAL_POLICY), fields: IMAGE_POLICY_FIELDS },
    { address: masterStatusRow, fields: MASTER_STATUS_FIELDS },
  ];
  const rows = await on.store.read([
    ...wanted,
    ...labels,
    ...holds.map((address) => ({ address, fields: HOLD_FIELDS })),
  ]);
  const at = (index: number): RowValues => rows[index] ?? { address: featureStatusRow(feature), values: {} };
  const [config, status, health, ownPolicy, globalPolicy, master] = [
    at(0),
    at(1),
    at(2),
    at(3),
    at(4),
    at(5),
  ];
  return {
    config,
    status,
    health,
    ownPolicy,
    globalPolicy,
    master,
    labels: rows.slice(wanted.length, wanted.length + labels.length),
    holds: rows
      .slice(wanted.length + labels.length)
      .map((row) => ({ ...row, dockerId: row.address.row.slice(prefix.length) })),
    policy: decodeImagePolicy(ownPolicy.values, globalPolicy.values, config.values),
  };
}

/** The labels that are about this feature, of every STATE_DB there is: a block counts wherever it stands. */
export async function selectLabels(names: FeatureNames, on: SwitchDatabases): Promise<RowFields[]> {
  const { feature, features } = names;
  const always = [enabledLabel(feature), localVersionLabel(feature)];
  const databases =
    on.databases.hostState === undefined ? ['state' as const] : ['state' as const, 'hostState' as const];
  return Promise.all(
    databases.map(async (db) => {
      const address = labelsRow(db);
      const versions = listVersionLabels(feature, await on.listFields(address), features);
      return { address, fields: [...always, ...versions] };
    }),
  );
}
