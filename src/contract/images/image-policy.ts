/**
 * What CONFIG_DB says of golden images and of falling back (contract.md, section 8; HLD, "Image management
 * configuration" and "Feature configuration").
 */
import { parseDurationMs } from '../../text/duration.ts';
import { CONFIG_FIELD, isTrue } from '../feature/feature.ts';
import type { FieldValues, RowAddress } from '../rows.ts';

export const imagePolicyRow = (row: string): RowAddress => ({ db: 'config', table: 'IMAGE_MGMT', row });
/** The row of `IMAGE_MGMT` whose fields count where a feature's own row has none. */
export const GLOBAL_POLICY = 'GLOBAL';

export const IMAGE_POLICY_FIELDS = [
  'Disable',
  'active_time_to_mark_good',
  'purge_older_image',
  'tag_new_as_local',
  'purge_local_copy',
  'fail_time_to_fallback',
] as const;

/** How long a feature may not be deployed: the HLD's name, and the shipped one. Of the feature's own row, `FEATURE|f`. */
export const FAILURE_DETECTION_FIELDS = ['kube_failure_detection', 'remote_fail_detection'] as const;

/** The fields of the feature's own row, `FEATURE|f`. */
export const FALLBACK_FIELDS = [CONFIG_FIELD.noFallbackToLocal, ...FAILURE_DETECTION_FIELDS] as const;

export interface ImagePolicy {
  readonly isDisabled: boolean;
  /** 0: never by time. */
  readonly activeTimeToMarkGoodMs: number;
  readonly purgeOlderImage: boolean;
  readonly tagNewAsLocal: boolean;
  readonly purgeLocalCopy: boolean;
  /** 0: never. */
  readonly failTimeToFallbackMs: number;
  /** How long a feature that is to be deployed may not be; 0: for ever. */
  readonly kubeFailureDetectionMs: number;
  readonly noFallbackToLocal: boolean;
  /** Fields that say nothing sensible, a line each; the safe default is used. */
  readonly problems: readonly string[];
}

/** `own` and `global` of IMAGE_MGMT, `feature` of FEATURE. A field that is empty counts as absent. */
export function decodeImagePolicy(own: FieldValues, global: FieldValues, feature: FieldValues): ImagePolicy {
  const problems: string[] = [];
  const readText = (field: string): string => own[field] || global[field] || '';
  const readFlag = (field: string): boolean => {
    const found = readText(field).toLowerCase();
    if (!['', 'true', 'false'].includes(found))
      problems.push(`${field} is "${found.slice(0, 40)}": write true or false`);
    return found === 'true';
  };
  const readDurationMs = (field: string, found: string, unitMs = 1_000): number => {
    if (found === '') return 0;
    const isPlain = /^\d{1,9}$/.test(found);
    const ms = isPlain ? Number(found) * unitMs : parseDurationMs(found);
    if (ms !== undefined) return ms;
    problems.push(`${field} is "${found.slice(0, 40)}": write N[s|m|h|d]; it counts as 0, never`);
    return 0;
  };
  return {
    isDisabled: readFlag('Disable'),
    activeTimeToMarkGoodMs: readDurationMs('active_time_to_mark_good', readText('active_time_to_mark_good')),
    purgeOlderImage: readFlag('purge_older_image'),
    tagNewAsLocal: readFlag('tag_new_as_local'),
    purgeLocalCopy: readFlag('purge_local_copy'),
    failTimeToFallbackMs: readDurationMs('fail_time_to_fallback', readText('fail_time_to_fallback')),
    // The HLD's minutes, else the shipped field's seconds; the shipped default of 300 was never read by anything.
    kubeFailureDetectionMs: feature['kube_failure_detection']
      ? readDurationMs('kube_failure_detection', feature['kube_failure_detection'], 60_000)
      : readDurationMs('remote_fail_detection', feature['remote_fail_detection'] ?? ''),
    noFallbackToLocal: isTrue(feature['no_fallback_to_local']),
    problems,
  };
}
