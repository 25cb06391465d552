/** Which rows the host side's decisions on a feature rest on, and what they say. */
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  STATUS_FIELDS,
  type FeatureConfig,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import {
  enabledLabel,
  localVersionLabel,
  versionEnabledLabel,
  labelsRow,
} from '../../contract/cluster/feature-labels.ts';
import { HEALTH_FIELDS } from '../../contract/health/heartbeat.ts';
import {
  decodeImagePolicy,
  FALLBACK_FIELDS,
  GLOBAL_POLICY,
  IMAGE_POLICY_FIELDS,
  imagePolicyRow,
  type ImagePolicy,
} from '../../contract/images/image-policy.ts';
import { decodeObservedBeat, type ObservedBeat } from '../../contract/health/observed-beat.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  type FieldValues,
  type RowFields,
  type RowValues,
} from '../../contract/rows.ts';
import { fastRestartRow, isRestartEnabled, warmRestartRow } from '../../contract/feature/switch-rows.ts';
import {
  canMasterDeploy,
  MASTER_STATUS_FIELDS,
  masterStatusRow,
} from '../../contract/cluster/master-status.ts';

const VERSION_FIELDS = ['container_stable_version', 'container_last_version'] as const;
/** All but the checks: they are for people, and up to 4 KB. */
const BEAT_FIELDS = HEALTH_FIELDS.filter((field) => field !== 'checks');

/** One feature, as it was read in one step. */
export interface FeatureReading {
  readonly config: FeatureConfig;
  readonly policy: ImagePolicy;
  readonly status: FeatureStatus;
  /** The status row as it stood, to guard writes with. */
  readonly statusValues: FieldValues;
  readonly beat: ObservedBeat;
  /** `<f>_local`: the version that runs, or last ran, as local. */
  readonly localVersion: string;
  /** `<f>_enabled`: whether Kubernetes may deploy it here. */
  readonly enabledLabel: string;
  /** `set_owner` when the host side last wrote that label, empty if it has not in this boot. */
  readonly labelOwner: string;
  /** By version: what `<f>_<version>_enabled` says, for the versions that were asked for. */
  readonly blocks: Readonly<Record<string, string | undefined>>;
  readonly stableVersion: string;
  readonly lastVersion: string;
  readonly isMasterConnected: boolean | undefined;
  /** A warm or fast reboot is under way. */
  readonly isRebooting: boolean;
}

/** `versions` are those whose blocks are to be read. In the order that `decodeReading` takes them. */
export const selectFeatureRows = (feature: string, versions: readonly string[]): RowFields[] => [
  { address: featureConfigRow(feature), fields: [...new Set([...CONFIG_FIELDS, ...FALLBACK_FIELDS])] },
  {
    address: featureStatusRow(feature),
    fields: [...STATUS_FIELDS, ...VERSION_FIELDS, 'update_time', STATUS_FIELD.labelOwner],
  },
  { address: healthRow(feature), fields: BEAT_FIELDS },
  {
    address: labelsRow('state'),
    fields: [
      enabledLabel(feature),
      localVersionLabel(feature),
      ...versions.map((version) => versionEnabledLabel(feature, version)),
    ],
  },
  { address: imagePolicyRow(feature), fields: IMAGE_POLICY_FIELDS },
  { address: imagePolicyRow(GLOBAL_POLICY), fields: IMAGE_POLICY_FIELDS },
  { address: masterStatusRow, fields: MASTER_STATUS_FIELDS },
  { address: warmRestartRow, fields: ['enable'] },
  { address: fastRestartRow, fields: ['enable'] },
];

export function decodeFeatureReading(
  feature: string,
  versions: readonly string[],
  rows: readonly RowValues[],
): FeatureReading {
  const [
    config = {},
    status = {},
    beat = {},
    labels = {},
    own = {},
    global = {},
    master = {},
    warm = {},
    fast = {},
  ] = rows.map((row) => row.values);
  return {
    config: decodeConfig(config),
    policy: decodeImagePolicy(own, global, config),
    status: decodeStatus(status),
    statusValues: status,
    beat: decodeObservedBeat(beat),
    localVersion: labels[localVersionLabel(feature)] ?? '',
    enabledLabel: labels[enabledLabel(feature)] ?? '',
    labelOwner: status[STATUS_FIELD.labelOwner] ?? '',
    blocks: Object.fromEntries(
      versions.map((version) => [version, labels[versionEnabledLabel(feature, version)]]),
    ),
    stableVersion: status['container_stable_version'] ?? '',
    lastVersion: status['container_last_version'] ?? '',
    isMasterConnected: canMasterDeploy(master),
    isRebooting: isRestartEnabled(warm) || isRestartEnabled(fast),
  };
}
