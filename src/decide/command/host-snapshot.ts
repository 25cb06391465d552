/** The rows of one feature that the host's commands read, and their meaning (sonic.md, "State machine as shipped"). */
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  hasRecordedHolder,
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
  /** This switch has joined its Kubernetes master, as far as it is known. */
  readonly isMasterConnected: boolean;
  /** CONFIG_DB or STATE_DB has a row of the feature. */
  readonly isKnown: boolean;
  /** The rows beside those of FEATURE that can't be read, one line each for people. */
  readonly problems: readonly string[];
  /** The rows of FEATURE as they were read, status first: the guard of a write that a decision on them asks for. */
  readonly guards: readonly RowValues[];
}

/**
 * The rows of CONFIG_DB FEATURE that may configure `name`, the preferred one first. Instance N of a feature has a status
 * of its own, `FEATURE|lldp0`, but the configuration of all instances, `FEATURE|lldp` (D28). The first is for a feature
 * whose own name ends in a digit.
 */
export function listConfigRowNames(name: string): string[] {
  const feature = name.replace(/\d+$/, '');
  return feature === name || feature === '' ? [name] : [name, feature];
}

/** What to read for `decodeHostSnapshot`, which takes the results in this order. */
export const selectHostRows = (name: string): RowFields[] => [
  { address: featureStatusRow(name), fields: STATUS_FIELDS },
  { address: healthRow(name), fields: LIVENESS_FIELDS, isDispensable: true },
  { address: masterStatusRow, fields: MASTER_STATUS_FIELDS, isDispensable: true },
  ...listConfigRowNames(name).map((row) => ({ address: featureConfigRow(row), fields: CONFIG_FIELDS })),
];

/** `rows` are the results of `selectHostRows`. */
export function decodeHostSnapshot(rows: readonly RowValues[]): HostSnapshot {
  const [statusRow, heartbeat, master, ...configs] = rows;
  const config = configs.find(({ values }) => hasFields(values));
  const status = statusRow?.values ?? {};
  return {
    config: decodeConfig(config?.values ?? {}),
    status: decodeStatus(status),
    heartbeat: {
      ...decodeHeartbeat(heartbeat?.values ?? {}),
      isUnreadable: heartbeat?.problem !== undefined,
    },
    isMasterConnected: canMasterDeploy(master?.values ?? {}) === true,
    isKnown: config !== undefined || hasFields(status),
    problems: [heartbeat, master].flatMap((row) => row?.problem ?? []),
    guards: statusRow === undefined ? configs : [statusRow, ...configs],
  };
}

const hasFields = (values: FieldValues): boolean =>
  Object.values(values).some((value) => value !== undefined);

/**
 * Names and ids by which the engine may know the container on record, the likeliest first. Without a record it is the
 * switch's own container, which has the feature's name. A pod that was told it is local has that name on record and
 * another one at the engine: its own id finds it (D25).
 */
export function listRecordedContainers(name: string, status: FeatureStatus): string[] {
  const names = !hasRecordedHolder(status)
    ? [name]
    : status.currentOwner === 'local'
      ? [name, status.dockerId]
      : [status.dockerId];
  return [...new Set(names)].filter((id) => id !== 'unknown' && isContainerId(id));
}
