/**
 * Labels about a feature, and STATE_DB `KUBE_LABELS|SET`, which holds those that SONiC's tools and ctrkit set (contract.md,
 * section 9; sonic.md, "Label rules").
 */
import { isFeatureName, isVersion } from '../names.ts';
import type { RowAddress } from '../rows.ts';

/** `hostState` is the host's STATE_DB, as a container on a switch of several ASICs has it. */
export const labelsRow = (db: 'state' | 'hostState'): RowAddress => ({
  db,
  table: 'KUBE_LABELS',
  row: 'SET',
});

/** What the labels say of one feature in one version. */
export interface NodeLabels {
  /** `<f>_<version>_enabled` is `false`. */
  readonly isVersionBlocked: boolean;
  /** `<f>_local`: the version that runs, or last ran, as local; empty if none is known. */
  readonly localVersion: string;
}

const ENABLED_SUFFIX = '_enabled';

export const versionEnabledLabel = (feature: string, version: string): string =>
  `${feature}_${version}${ENABLED_SUFFIX}`;
/** `true` lets Kubernetes deploy the feature on this node, `false` keeps Kubernetes from it. */
export const enabledLabel = (feature: string): string => `${feature}${ENABLED_SUFFIX}`;
/**
 * The value of `<f>_enabled` or `<f>_<version>_enabled`: true, false, or undefined for any other text and for none. SONiC's tools
 * write True too.
 */
export function decodeEnabledValue(text: string | undefined): boolean | undefined {
  const value = text?.toLowerCase();
  return value === 'true' || value === 'false' ? value === 'true' : undefined;
}
/** True for `<f>_enabled` and `<f>_<version>_enabled`: every label that lets Kubernetes deploy something here. */
export const isEnabledLabel = (key: string): boolean => key.endsWith(ENABLED_SUFFIX);
/** The feature's name of a key `<f>_enabled`; undefined for any other key. `<f>_<version>_enabled` may look the same. */
export function decodeEnabledFeature(key: string): string | undefined {
  const name = key.slice(0, -ENABLED_SUFFIX.length);
  return isEnabledLabel(key) && isFeatureName(name) ? name : undefined;
}
/** The version of a key `<f>_<version>_enabled` of this feature; undefined for any other key. */
export function decodeEnabledVersion(feature: string, key: string): string | undefined {
  const version = key.slice(feature.length + 1, -ENABLED_SUFFIX.length);
  return isVersion(version) && key === versionEnabledLabel(feature, version) ? version : undefined;
}
export const localVersionLabel = (feature: string): string => `${feature}_local`;
/** The version of the image that is golden on this node. A rollout over the fleet selects nodes by this label. */
export const goldenLabel = (feature: string): string => `${feature}_golden`;
/** The version that this node last fell back from, until an operator lifts its block. */
export const failedLabel = (feature: string): string => `${feature}_failed`;
