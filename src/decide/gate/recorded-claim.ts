/** A claim that STATE_DB has kept, where the file that passes it on has vanished (contract.md, section 3). */
import type { Anchor } from '../../contract/anchor.ts';
import { decodeMs, decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { HEALTH_FIELD } from '../../contract/health/heartbeat.ts';
import { isVersion, NO_VERSION } from '../../contract/names.ts';
import {
  featureStatusRow,
  healthRow,
  hostStatusRow,
  type RowFields,
  type RowValues,
} from '../../contract/rows.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { isMirrored } from './host-mirror.ts';
import { HOST_FIELDS } from './startup-snapshot.ts';

/** Ticks of proc(5) stat are hundredths of a second, whatever the kernel's own are. */
const TICK_MS = 10;
const UNKNOWN_ID = 'unknown';
const BEAT_FIELDS = [
  HEALTH_FIELD.token,
  HEALTH_FIELD.version,
  HEALTH_FIELD.startedMs,
  HEALTH_FIELD.healthySinceMs,
] as const;

/** The rows to read, in the order that `findRecordedClaim` expects; `asic` is empty on a single-ASIC switch. */
export const selectRecordedRows = (feature: string, asic: string): RowFields[] => [
  { address: featureStatusRow(feature), fields: STATUS_FIELDS },
  { address: healthRow(feature), fields: BEAT_FIELDS, isDispensable: true },
  ...(asic === ''
    ? []
    : [{ address: hostStatusRow(feature, asic), fields: HOST_FIELDS, isDispensable: true }]),
];

export interface RecordedClaimInput {
  readonly rows: readonly RowValues[];
  readonly feature: string;
  /** The container's own id. */
  readonly dockerId: string;
  /** Of this start of the container. */
  readonly anchor: Anchor;
  readonly now: BootTime;
  /** IMAGE_VERSION of this container; NO_VERSION where it is not set. */
  readonly imageVersion: string;
}

/**
 * The claim of owner kube on record, if it is certainly one of this start of this container: by the id, and made in this boot
 * after the container's oldest process had started, since an id outlives a restart. Undefined for any other.
 */
export function findRecordedClaim(
  input: RecordedClaimInput,
): Omit<StoredClaim, 'containerStart' | 'redisUrl'> | undefined {
  const { rows, feature, dockerId } = input;
  const [record, beat] = rows.map(({ values }) => values);
  const { currentOwner, claimToken, claimMs, containerVersion, ...status } = decodeStatus(record ?? {});
  const isOwn = status.dockerId === dockerId && dockerId !== UNKNOWN_ID && claimToken !== '';
  const isKube = currentOwner === 'kube' && record?.[STATUS_FIELD.claimOwner] === 'kube';
  if (!isOwn || !isKube || claimMs === undefined || !isOfThisStart(input, status.claimBootId, claimMs))
    return undefined;
  const own = beat?.[HEALTH_FIELD.token] === claimToken ? beat : {};
  // A container that waits writes its own version over that of the record, which comes last for that.
  const imageVersion = input.imageVersion === NO_VERSION ? containerVersion : input.imageVersion;
  const version = own[HEALTH_FIELD.version] ?? imageVersion;
  if (!isVersion(version)) return undefined;
  return {
    feature,
    owner: 'kube',
    version,
    dockerId,
    token: claimToken,
    startedMs: decodeMs(own[HEALTH_FIELD.startedMs]) ?? claimMs,
    isRecorded: true,
    hasStarted: decodeMs(own[HEALTH_FIELD.healthySinceMs]) !== undefined,
    isMirrored: isMirrored(rows),
    isOutside: false,
    isReplaced: false,
    isReleased: false,
  };
}

/** Ticks are rounded down: a claim of the same tick could be of before. An anchor that can't be read proves nothing. */
const isOfThisStart = ({ anchor, now }: RecordedClaimInput, bootId: string, claimMs: number): boolean =>
  bootId === now.bootId &&
  anchor.startTicks > 0 &&
  claimMs >= (anchor.startTicks + 1) * TICK_MS &&
  claimMs <= now.bootMs;
