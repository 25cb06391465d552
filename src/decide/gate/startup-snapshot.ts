/** The rows of the gate's decision, and how they are decoded (contract.md, sections 1 to 3). */
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  STATUS_FIELDS,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import {
  decodeEnabledValue,
  localVersionLabel,
  versionEnabledLabel,
  type NodeLabels,
  labelsRow,
} from '../../contract/cluster/feature-labels.ts';
import { decodeHeartbeat, LIVENESS_FIELDS } from '../../contract/health/heartbeat.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  hostStatusRow,
  type FieldValues,
  type RowFields,
  type RowValues,
} from '../../contract/rows.ts';
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import { isReplaceable } from './handshake.ts';
import type { HolderRows, StartupSnapshot } from './startup-types.ts';

/** Of the host's row of the feature, multi-ASIC. */
export const HOST_FIELDS = [STATUS_FIELD.systemState, STATUS_FIELD.remoteState] as const;

/** The rows to read, in the order that `decodeSnapshot` expects; `asic` is empty on a single-ASIC switch. */
export function selectStartupRows(feature: string, version: string, asic: string): RowFields[] {
  const labels = [versionEnabledLabel(feature, version), localVersionLabel(feature)];
  const rows: RowFields[] = [
    { address: featureConfigRow(feature), fields: CONFIG_FIELDS },
    ...selectHolderRows(feature),
    { address: labelsRow('state'), fields: labels },
  ];
  if (asic === '') return rows;
  return [
    ...rows,
    { address: hostStatusRow(feature, asic), fields: HOST_FIELDS },
    { address: labelsRow('hostState'), fields: labels },
  ];
}

/** The rows that say which container has claimed the feature: its status, and the heartbeat. */
export const selectHolderRows = (feature: string): RowFields[] => [
  { address: featureStatusRow(feature), fields: STATUS_FIELDS },
  { address: healthRow(feature), fields: LIVENESS_FIELDS },
];

/** Of the rows of `selectHolderRows`. */
export const decodeHolderRows = ([status, heartbeat]: readonly RowValues[]): HolderRows => ({
  status: decodeStatus(status?.values ?? {}),
  heartbeat: decodeHeartbeat(heartbeat?.values ?? {}),
});

export function decodeSnapshot(
  rows: readonly RowValues[],
  feature: string,
  version: string,
): StartupSnapshot {
  const [config, status, heartbeat, labels, hostStatus, hostLabels] = rows.map((row) => row.values);
  return {
    config: decodeConfig(config ?? {}),
    status: mergeHostAnswer(decodeStatus(status ?? {}), decodeStatus(hostStatus ?? {})),
    heartbeat: decodeHeartbeat(heartbeat ?? {}),
    labels: decodeLabels([labels ?? {}, hostLabels ?? {}], feature, version),
  };
}

/**
 * Multi-ASIC: the shipped host side knows only its own row. A field that the ASIC's row lacks is taken from the host's row,
 * and so is the host's `ready` to a `pending` that was written into both (D28). Where its row has lost the `pending`, or says
 * that the host gave up, it is asked again.
 */
function mergeHostAnswer(status: FeatureStatus, host: FeatureStatus): FeatureStatus {
  const isLost = host.systemState !== '' && isReplaceable(host.remoteState);
  const isAnswered = status.remoteState === 'pending' && (host.remoteState === 'ready' || isLost);
  return {
    ...status,
    systemState: status.systemState || host.systemState,
    remoteState: isAnswered ? host.remoteState : status.remoteState || host.remoteState,
  };
}

/** Multi-ASIC: a block counts in either database. */
function decodeLabels(sets: readonly FieldValues[], feature: string, version: string): NodeLabels {
  const localVersions = sets
    .map((set) => set[localVersionLabel(feature)] ?? '')
    .filter((text) => text !== '');
  const sameVersion = localVersions.find((text) => text.toLowerCase() === version.toLowerCase());
  return {
    isVersionBlocked: sets.some(
      (set) => decodeEnabledValue(set[versionEnabledLabel(feature, version)]) === false,
    ),
    localVersion: sameVersion ?? localVersions[0] ?? '',
  };
}
