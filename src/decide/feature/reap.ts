/**
 * Whether ctrkitd releases the record of a container that is gone (D10: the shipped host side leaves owner and id behind
 * when a container dies by itself). Only the engine's own answer counts, and the release is guarded by the record as read.
 */
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import {
  decodeStatus,
  hasRecordedHolder,
  isOwner,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import { featureStatusRow, type FieldValues, type RowValues } from '../../contract/rows.ts';
import { findLiveHolder } from '../gate/live-holder.ts';

/** The state that the engine shows of the container which `selectHolderName` names. */
type HolderState =
  | 'running'
  | 'paused'
  | 'restarting'
  | 'created'
  | 'removing'
  | 'exited'
  | 'dead'
  /** The engine answers and has no such container, or the record names none. */
  | 'missing';

export interface ReapInput {
  readonly feature: string;
  /** The status row as it was read, `STATUS_FIELDS` and `update_time`. */
  readonly statusValues: FieldValues;
  readonly beat: Heartbeat;
  readonly now: BootTime;
  /** Undefined while the engine is away. */
  readonly engineState: HolderState | undefined;
  /** Boot clock: since when `RECORD_FIELDS` have been as they are now, as far as this daemon has read them. */
  readonly sameSinceMs: number;
  /** Boot clock: when this container ended, as this daemon saw it; undefined if it saw no end. */
  readonly endedAtMs: number | undefined;
}

export type ReapDecision =
  /** `requeueAtMs`, boot clock: when time alone may change the decision; undefined if it does not. */
  | { readonly kind: 'keep'; readonly text: string; readonly requeueAtMs: number | undefined }
  /** `record` is the guard and `claim` what is released, as `planReleases` takes them. */
  | { readonly kind: 'release'; readonly text: string; readonly record: RowValues; readonly claim: Claim };

/**
 * The fields that tell one record from the next. The token alone does not: the shipped kit leaves that of an earlier claim
 * standing, and an agent that claims again keeps its own token, with a new `claim_ms`.
 */
export const RECORD_FIELDS = [
  STATUS_FIELD.currentOwner,
  STATUS_FIELD.dockerId,
  STATUS_FIELD.containerId,
  STATUS_FIELD.dashedId,
  STATUS_FIELD.claimToken,
  STATUS_FIELD.claimMs,
  STATUS_FIELD.updateTime,
] as const;

/** A container that has claimed runs. The engine's listing and the record are not read at one instant. */
const START_GRACE_MS = 10_000;
/** `container start` writes the owner before it starts the container, which may take long while a switch boots. */
const HOST_START_GRACE_MS = 70_000;

/** The id or the name by which the engine knows the recorded holder; undefined if the record has neither. */
export function selectHolderName(feature: string, status: FeatureStatus): string | undefined {
  if (!isOwner(status.currentOwner)) return undefined;
  const isId = status.dockerId !== '' && status.dockerId !== 'unknown';
  if (isId) return status.dockerId;
  return status.currentOwner === 'local' && status.dockerId !== '' ? feature : undefined;
}

/** Total: no row makes it throw. */
export function decideReap(input: ReapInput): ReapDecision {
  const { feature, statusValues, engineState } = input;
  const status = decodeStatus(statusValues);
  if (!hasRecordedHolder(status)) return keepRecord('nobody is recorded');
  if (engineState === undefined) return keepRecord('the container engine does not answer');
  if (['running', 'paused', 'restarting'].includes(engineState))
    return keepRecord(`its container is ${engineState}`);
  const doubt = findDoubt(input, status, engineState);
  if (doubt !== undefined) return doubt;
  const isNamed = selectHolderName(feature, status) !== undefined;
  const fate = isNamed ? `its container ${status.dockerId} is ${engineState}` : 'its heartbeat is overdue';
  return {
    kind: 'release',
    text: `the record of owner ${status.currentOwner} is released: ${fate}`,
    record: {
      address: featureStatusRow(feature),
      values: Object.fromEntries(RECORD_FIELDS.map((field) => [field, statusValues[field]])),
    },
    claim: {
      feature,
      owner: status.currentOwner,
      version: status.containerVersion,
      dockerId: status.dockerId,
      token: status.claimToken,
    },
  };
}

/** Why it is not certain yet that a container which the engine does not show as running is gone; undefined if it is. */
function findDoubt(
  input: ReapInput,
  status: FeatureStatus,
  engineState: HolderState,
): ReapDecision | undefined {
  const { now, sameSinceMs, endedAtMs, feature, beat } = input;
  // The container was seen to end under this very record.
  if (endedAtMs !== undefined && endedAtMs >= sameSinceMs) return undefined;
  const isNamed = selectHolderName(feature, status) !== undefined;
  const holder = findLiveHolder(status, beat, now);
  // Another engine may run it, or its id may be unknown: then the heartbeat decides.
  const isBeating = holder?.liveUntilMs !== undefined;
  if (isBeating && (engineState === 'missing' || !isNamed))
    return keepRecord(
      'the container engine does not know it, but its heartbeat is not overdue',
      holder.liveUntilMs,
    );
  // A holder of the shipped kit has no heartbeat and counts as live until it is cleared. Another engine may run it, such as
  // containerd, or a pod of which only the record bears the feature's name (D25).
  if (!isBeating && holder !== undefined && engineState === 'missing')
    return keepRecord('the container engine does not know it, and it has no heartbeat to tell by');
  const graceOverAtMs = sameSinceMs + (status.claimToken === '' ? HOST_START_GRACE_MS : START_GRACE_MS);
  if (now.bootMs < graceOverAtMs)
    return keepRecord(`its container is ${engineState}: it may be starting`, graceOverAtMs);
  return undefined;
}

const keepRecord = (text: string, requeueAtMs?: number): ReapDecision => ({
  kind: 'keep',
  text,
  requeueAtMs,
});
