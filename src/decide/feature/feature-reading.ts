/** The rows that ctrkitd's decisions on a feature rest on, and their decoding. */
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
import { HEALTH_FIELD, HEALTH_FIELDS } from '../../contract/health/heartbeat.ts';
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
import {
  fastRestartRow,
  isRestartEnabled,
  RESTART_FIELDS,
  warmRestartRow,
} from '../../contract/feature/switch-rows.ts';
import {
  canMasterDeploy,
  MASTER_STATUS_FIELDS,
  masterStatusRow,
} from '../../contract/cluster/master-status.ts';

const VERSION_FIELDS = [STATUS_FIELD.stableVersion, STATUS_FIELD.lastVersion] as const;
/** All fields but the checks, which are for people and up to 4 KB. */
const BEAT_FIELDS = HEALTH_FIELDS.filter((field) => field !== HEALTH_FIELD.checks);

/** The fields of the feature's rows whose changes matter. */
export interface ObservedFields {
  readonly setOwner: string;
  readonly remoteState: string;
}

/** One feature, all of it read in one step. */
export interface FeatureReading {
  readonly config: FeatureConfig;
  readonly policy: ImagePolicy;
  readonly status: FeatureStatus;
  /** The status row as read, to guard writes with. */
  readonly statusValues: FieldValues;
  readonly beat: ObservedBeat;
  /** `<f>_local`: the version that runs, or ran last, as local; empty if none is known. */
  readonly localVersion: string;
  /** `<f>_enabled`: `true` if Kubernetes may deploy the feature here; empty if it was never written. */
  readonly enabledLabel: string;
  /** `set_owner` as it was when the host side wrote that label last; empty if it has not in this boot. */
  readonly labelOwner: string;
  /** `<f>_<version>_enabled` by version, of the versions that were asked for. */
  readonly blocks: Readonly<Record<string, string | undefined>>;
  readonly stableVersion: string;
  readonly lastVersion: string;
  /** Undefined while no row says. */
  readonly isMasterConnected: boolean | undefined;
  /** A warm or fast reboot is announced. */
  readonly isRebooting: boolean;
}

/** The rows to read, in the order that `decodeFeatureReading` takes them. `versions` are those whose blocks are read. */
export const selectFeatureRows = (feature: string, versions: readonly string[]): RowFields[] => [
  { address: featureConfigRow(feature), fields: [...new Set([...CONFIG_FIELDS, ...FALLBACK_FIELDS])] },
  {
    address: featureStatusRow(feature),
    fields: [...STATUS_FIELDS, ...VERSION_FIELDS, STATUS_FIELD.updateTime, STATUS_FIELD.labelOwner],
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
  { address: warmRestartRow, fields: RESTART_FIELDS },
  { address: fastRestartRow, fields: RESTART_FIELDS },
];

/** `rows` are those of `selectFeatureRows`, for the same versions. Total: no row makes it throw. */
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
    policy: decodeImagePolicy({ own, global, feature: config }, feature),
    status: decodeStatus(status),
    statusValues: status,
    beat: decodeObservedBeat(beat),
    localVersion: labels[localVersionLabel(feature)] ?? '',
    enabledLabel: labels[enabledLabel(feature)] ?? '',
    labelOwner: status[STATUS_FIELD.labelOwner] ?? '',
    blocks: Object.fromEntries(
      versions.map((version) => [version, labels[versionEnabledLabel(feature, version)]]),
    ),
    stableVersion: status[STATUS_FIELD.stableVersion] ?? '',
    lastVersion: status[STATUS_FIELD.lastVersion] ?? '',
    isMasterConnected: canMasterDeploy(master),
    isRebooting: isRestartEnabled(warm) || isRestartEnabled(fast),
  };
}
