/** The rows that `ctrkit` shows of one feature. */
import { CtrkitError } from '../../../../contract/errors.ts';
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
  HOLD_TABLE,
  type RowFields,
} from '../../../../contract/rows.ts';
import { readInBatches } from '../../../../loop/read-in-batches.ts';
import { MASTER_STATUS_FIELDS, masterStatusRow } from '../../../../contract/cluster/master-status.ts';
import type { FeatureRows } from './explain-item.ts';
import type { FeatureNames } from './find-feature.ts';
import { listVersionLabels } from '../../../../decide/gate/version-blocks.ts';
import type { SwitchDatabases } from './ports.ts';

/** Fields of CONFIG_DB `FEATURE|<f>`. */
export const SHOWN_CONFIG = [...new Set([...CONFIG_FIELDS, ...FALLBACK_FIELDS, CONFIG_FIELD.autoRestart])];
/** Fields of STATE_DB `FEATURE|<f>`. */
export const SHOWN_STATUS = [...STATUS_FIELDS, STATUS_FIELD.updateTime, STATUS_FIELD.lastUpdateTs];

/** All rows of the feature in one step, but for its holds; a key that is no hash hides none but its own. Throws CtrkitError('database'). */
export async function readFeature(names: FeatureNames, databases: SwitchDatabases): Promise<FeatureRows> {
  const { feature, configName } = names;
  const prefix = `${feature}${databases.locations.state.separator}`;
  const holds = await databases.store.list(HOLD_TABLE, prefix);
  const labels = await selectLabels(names, databases);
  const wanted: RowFields[] = [
    { address: featureConfigRow(configName), fields: SHOWN_CONFIG },
    { address: featureStatusRow(feature), fields: SHOWN_STATUS },
    { address: healthRow(feature), fields: HEALTH_FIELDS },
    { address: imagePolicyRow(configName), fields: IMAGE_POLICY_FIELDS },
    { address: imagePolicyRow(GLOBAL_POLICY), fields: IMAGE_POLICY_FIELDS },
    { address: masterStatusRow, fields: MASTER_STATUS_FIELDS },
    ...labels,
  ].map((row) => ({ ...row, isDispensable: true }));
  const groups = holds.map((address) => [{ address, fields: HOLD_FIELDS, isDispensable: true }]);
  const rows = (await readInBatches(databases.store, [wanted, ...groups])).flat();
  const [config, status, health, ownPolicy, globalPolicy, master, ...rest] = rows;
  if (!config || !status || !health || !ownPolicy || !globalPolicy || !master)
    throw new CtrkitError('defect', 'a store returns one result for each row');
  return {
    config,
    status,
    health,
    ownPolicy,
    globalPolicy,
    master,
    labels: rest.slice(0, labels.length),
    holds: rest
      .slice(labels.length)
      .map(({ address, values }) => ({ address, values, dockerId: address.row.slice(prefix.length) })),
    policy: decodeImagePolicy(
      { own: ownPolicy.values, global: globalPolicy.values, feature: config.values },
      config.address.row,
    ),
    problems: rows.flatMap(({ problem }) => problem ?? []),
  };
}

/**
 * Why `feature` is unknown, one line; `text` says that CONFIG_DB has none of that name. A row whose key is no hash is no
 * feature: then that is the reason. Throws CtrkitError('database').
 */
export async function explainUnknown(
  feature: string,
  text: string,
  { store }: SwitchDatabases,
): Promise<string> {
  const [row] = await store.read([
    { address: featureConfigRow(feature), fields: [CONFIG_FIELD.state], isDispensable: true },
  ]);
  return row?.problem ?? text;
}

/**
 * What to read of the labels of this feature, of every STATE_DB that the switch has: a block counts in each of them. Of a key
 * that is no hash it is what each feature has: whoever reads that finds out. Throws CtrkitError('database').
 */
export async function selectLabels(
  { feature, features }: FeatureNames,
  { locations, store, listFields }: SwitchDatabases,
): Promise<RowFields[]> {
  const always = [enabledLabel(feature), localVersionLabel(feature)];
  const names = locations.hostState === undefined ? (['state'] as const) : (['state', 'hostState'] as const);
  return Promise.all(
    names.map(async (db) => {
      const address = labelsRow(db);
      const [row] = await store.read([{ address, fields: always, isDispensable: true }]);
      if (row?.problem !== undefined) return { address, fields: always };
      const versions = listVersionLabels(feature, await listFields(address), features);
      return { address, fields: [...always, ...versions] };
    }),
  );
}
