import { STATUS_FIELD } from '../../../contract/feature/status-fields.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { enabledLabel, labelsRow, decodeEnabledFeature } from '../../../contract/cluster/feature-labels.ts';
import { DEVICE_FIELDS, deviceMetadataRow, type Labels } from '../../../contract/cluster/node-labels.ts';
import {
  decodeMasterConfig,
  MASTER_CONFIG_FIELDS,
  masterConfigRow,
} from '../../../contract/cluster/master-config.ts';
import { featureStatusRow, type FieldValues, type RowValues } from '../../../contract/rows.ts';
import { MASTER_RECORD_FIELDS, masterStatusRow } from '../../../contract/cluster/master-status.ts';
import { readInBatches } from '../../../loop/read-in-batches.ts';

import type { Connection } from '../watch/daemon-component.ts';

/** What the switch's databases say of its Node, as of one reading. */
export interface DesiredSwitchState {
  /** KUBE_LABELS|SET as it is. */
  readonly labels: Labels;
  readonly device: FieldValues;
  /** STATE_DB KUBERNETES_MASTER|SERVER as it was read: the guard of what is written there. */
  readonly masterRow: RowValues;
  /** CONFIG_DB tells the switch to stay away from the cluster. */
  readonly isDisabled: boolean;
  /** Keys `<f>_enabled` of what Kubernetes still runs; read only if `isDisabled`. */
  readonly stillNeeded: ReadonlySet<string>;
  /** Names of all features; read only if `isDisabled`. */
  readonly features: ReadonlySet<string>;
}

const NO_FEATURES: Pick<DesiredSwitchState, 'stillNeeded' | 'features'> = {
  stillNeeded: new Set(),
  features: new Set(),
};

/**
 * Throws CtrkitError('database'), also if `isOpen` says that the connection was closed meanwhile: to use it then would open
 * another one, which nobody closes.
 */
export async function readDesiredSwitchState(
  { store, tables, listFields }: Pick<Connection, 'store' | 'tables' | 'listFields'>,
  isOpen: () => boolean,
): Promise<DesiredSwitchState> {
  const address = labelsRow('state');
  const keys = await listFields(address);
  if (!isOpen()) throw new CtrkitError('database', 'the databases are out of reach');
  const rows = await store.read([
    { address: deviceMetadataRow, fields: DEVICE_FIELDS },
    { address: masterStatusRow, fields: MASTER_RECORD_FIELDS },
    { address: masterConfigRow, fields: MASTER_CONFIG_FIELDS },
    // Redis refuses a reading of no field.
    ...(keys.length === 0 ? [] : [{ address, fields: keys }]),
  ]);
  const [device, master, config, labels] = rows;
  const { isDisabled } = decodeMasterConfig(config?.values ?? {});
  const features = isDisabled && isOpen() ? await tables.listFeatures() : [];
  return {
    labels: Object.fromEntries(
      Object.entries(labels?.values ?? {}).flatMap(([key, value]) =>
        // The field was removed after the keys were listed.
        value === undefined ? [] : [[key, value] as const],
      ),
    ),
    device: device?.values ?? {},
    masterRow: master ?? { address: masterStatusRow, values: {} },
    isDisabled,
    ...(isDisabled && isOpen() ? await readFeatures(store, keys, features) : NO_FEATURES),
  };
}

/** A feature that only STATE_DB has counts too: in the middle of a `config reload` CONFIG_DB has none. */
async function readFeatures(
  store: Pick<Connection['store'], 'read'>,
  keys: readonly string[],
  configured: readonly string[],
): Promise<Pick<DesiredSwitchState, 'stillNeeded' | 'features'>> {
  const labelled = keys.flatMap((key) => decodeEnabledFeature(key) ?? []);
  const names = [...new Set([...configured, ...labelled])];
  if (names.length === 0) return NO_FEATURES;
  const groups = names.map((name) => [
    { address: featureStatusRow(name), fields: [STATUS_FIELD.currentOwner] },
  ]);
  const rows = (await readInBatches(store, groups)).flat();
  const owners = new Map(names.map((name, i) => [name, rows[i]?.values[STATUS_FIELD.currentOwner]]));
  const runByKube = names.filter((name) => owners.get(name) === 'kube');
  return {
    stillNeeded: new Set(runByKube.map((name) => enabledLabel(name))),
    features: new Set([...configured, ...names.filter((name) => owners.get(name) !== undefined)]),
  };
}
