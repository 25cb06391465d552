/** Which rows the host's commands read of a feature, and what they say (sonic.md, "State machine as shipped"). */
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  isOwner,
  STATUS_FIELDS,
  type FeatureConfig,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import { decodeHeartbeat, LIVENESS_FIELDS, type Heartbeat } from '../../contract/health/heartbeat.ts';
import { isContainerId } from '../../contract/names.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  type FieldValues,
  type RowFields,
  type RowValues,
} from '../../contract/rows.ts';
import {
  canMasterDeploy,
  MASTER_STATUS_FIELDS,
  masterStatusRow,
} from '../../contract/cluster/master-status.ts';

export interface HostSnapshot {
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly heartbeat: Heartbeat;
  readonly isMasterConnected: boolean;
  /** One of the databases has heard of the feature. */
  readonly isKnown: boolean;
  /** The rows that a decision on who runs the feature rests on, as they were read: its guard. */
  readonly guards: readonly RowValues[];
}

/**
 * Instance N of a feature has a status of its own, `FEATURE|lldp0`, and the configuration of all, `FEATURE|lldp`
 * (D28). A feature whose own name ends in a digit has a row of its own, which comes first.
 */
export function listConfigRowNames(name: string): string[] {
  const feature = name.replace(/\d+$/, '');
  return feature === name || feature === '' ? [name] : [name, feature];
}

/** In the order that `decodeHostSnapshot` takes them. */
export const selectHostRows = (name: string): RowFields[] => [
  { address: featureStatusRow(name), fields: STATUS_FIELDS },
  { address: healthRow(name), fields: LIVENESS_FIELDS },
  { address: masterStatusRow, fields: MASTER_STATUS_FIELDS },
  ...listConfigRowNames(name).map((row) => ({ address: featureConfigRow(row), fields: CONFIG_FIELDS })),
];

export function decodeHostSnapshot(rows: readonly RowValues[]): HostSnapshot {
  const [statusRow, heartbeat, master, ...configs] = rows;
  const config = configs.find(({ values }) => hasFields(values));
  const status = statusRow?.values ?? {};
  return {
    config: decodeConfig(config?.values ?? {}),
    status: decodeStatus(status),
    heartbeat: decodeHeartbeat(heartbeat?.values ?? {}),
    isMasterConnected: canMasterDeploy(master?.values ?? {}) === true,
    isKnown: config !== undefined || hasFields(status),
    guards: statusRow === undefined ? configs : [statusRow, ...configs],
  };
}

const hasFields = (values: FieldValues): boolean =>
  Object.values(values).some((value) => value !== undefined);

/** Whether somebody is on record as running the feature, under whichever name of the id. */
export const hasHolder = ({ currentOwner, dockerId }: FeatureStatus): boolean =>
  isOwner(currentOwner) && dockerId !== '';

/**
 * What the engine may know the recorded container by, the likeliest first. Without a record it is the switch's own, which
 * bears the feature's name. A pod that was told it is local has that name on record, and another one at the engine; its
 * own id finds it (D25).
 */
export function listRecordedContainers(name: string, status: FeatureStatus): string[] {
  const names = !hasHolder(status)
    ? [name]
    : status.currentOwner === 'local'
      ? [name, status.dockerId]
      : [status.dockerId];
  return [...new Set(names)].filter((id) => id !== 'unknown' && isContainerId(id));
}
