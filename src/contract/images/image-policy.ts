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
  'restore_golden',
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
  /** An image of the ladder that is gone is pulled again from where it came. */
  readonly restoreGolden: boolean;
  /** Fields that say nothing sensible, a line each; the safe default is used. */
  readonly problems: readonly string[];
}

interface PolicyRows {
  /** `IMAGE_MGMT|<f>` and `IMAGE_MGMT|GLOBAL`. */
  readonly own: FieldValues;
  readonly global: FieldValues;
  /** `FEATURE|<f>`. */
  readonly feature: FieldValues;
}

/** A field in one row, and how it is read there. */
interface Source<Value> {
  readonly row: string;
  readonly field: string;
  readonly found: string | undefined;
  readonly parse: (text: string) => Value | undefined;
}

/**
 * `name`: that of the feature, for problems. A field that is empty counts as absent, and so does one that makes no sense: the
 * same field of GLOBAL counts then, or else the default.
 */
export function decodeImagePolicy({ own, global, feature }: PolicyRows, name: string): ImagePolicy {
  const problems: string[] = [];
  const listSources = <Value>(field: string, parse: Source<Value>['parse']): Source<Value>[] => [
    { row: `IMAGE_MGMT|${name}`, field, found: own[field], parse },
    { row: `IMAGE_MGMT|${GLOBAL_POLICY}`, field, found: global[field], parse },
  ];
  const readFlag = (field: string): boolean =>
    readFirst(listSources(field, parseFlag), 'true or false', problems) ?? false;
  const readDurationMs = (field: string): number =>
    readFirst(listSources(field, parseSeconds), DURATION_FORM, problems) ?? 0;
  return {
    isDisabled: readFlag('Disable'),
    activeTimeToMarkGoodMs: readDurationMs('active_time_to_mark_good'),
    purgeOlderImage: readFlag('purge_older_image'),
    tagNewAsLocal: readFlag('tag_new_as_local'),
    purgeLocalCopy: readFlag('purge_local_copy'),
    failTimeToFallbackMs: readDurationMs('fail_time_to_fallback'),
    kubeFailureDetectionMs: readFirst(listDetections(feature, name), DURATION_FORM, problems) ?? 0,
    restoreGolden: readFlag('restore_golden'),
    noFallbackToLocal: isTrue(feature['no_fallback_to_local']),
    problems,
  };
}

/** The HLD's minutes, else the shipped field's seconds; the shipped default of 300 was never read by anything. */
function listDetections(feature: FieldValues, name: string): Source<number>[] {
  const row = `FEATURE|${name}`;
  const [minutes, seconds] = FAILURE_DETECTION_FIELDS;
  return [
    { row, field: minutes, found: feature[minutes], parse: parseMinutes },
    { row, field: seconds, found: feature[seconds], parse: parseSeconds },
  ];
}

/** The first that makes sense; undefined if none does. Those before it go into `problems`. */
function readFirst<Value>(
  sources: readonly Source<Value>[],
  form: string,
  problems: string[],
): Value | undefined {
  for (const { row, field, found = '', parse } of sources) {
    if (found === '') continue;
    const value = parse(found);
    if (value !== undefined) return value;
    problems.push(
      `CONFIG_DB ${row} ${field} is "${found.slice(0, 40)}", which does not count: write ${form}`,
    );
  }
  return undefined;
}

const DURATION_FORM = 'N[ms|s|m|h|d]';
/** A number without a unit, with a fraction too, has the unit of its field. */
const BARE_NUMBER = /^\d{1,9}(?:\.\d{1,3})?$/;

const parseSeconds = (text: string): number | undefined => parseDurationMs(text);
const parseMinutes = (text: string): number | undefined =>
  parseDurationMs(BARE_NUMBER.test(text) ? `${text}m` : text);

function parseFlag(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}
