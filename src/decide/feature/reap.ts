/**
 * The record of a container that is gone is released by the host side (D10: the shipped one leaves owner and id behind
 * when a container dies by itself). Only what the engine itself tells counts, and only against the record as it was read.
 */
import type { BootTime } from '../../contract/timestamps.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import { decodeStatus, isOwner, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import { featureStatusRow, type FieldValues, type RowValues } from '../../contract/rows.ts';
import { findLiveHolder } from '../gate/live-holder.ts';

/** What the engine says of the container under `selectHolderName`. */
type HolderState =
  | 'running'
  | 'paused'
  | 'restarting'
  | 'created'
  | 'removing'
  | 'exited'
  | 'dead'
  /** The engine answers, and has none of that id or name; also where there is none to ask for. */
  | 'missing';

export interface ReapInput {
  readonly feature: string;
  /** The status row as it was read, `STATUS_FIELDS` and `update_time`. */
  readonly statusValues: FieldValues;
  readonly beat: Heartbeat;
  readonly now: BootTime;
  /** Undefined while the engine is away. */
  readonly engineState: HolderState | undefined;
  /** Boot clock: since when this daemon has read the fields of `RECORD_FIELDS` as they are now. */
  readonly sameSinceMs: number;
  /** Boot clock: when this daemon saw this very container end last; undefined if it did not. */
  readonly endedAtMs: number | undefined;
}

export type ReapDecision =
  /** `requeueAtMs`, boot clock: when time alone may change it. */
  | { readonly kind: 'keep'; readonly text: string; readonly requeueAtMs: number | undefined }
  /** `record` is the guard, `claim` what is released, as `planReleases` takes them. */
  | { readonly kind: 'release'; readonly text: string; readonly record: RowValues; readonly claim: Claim };

/**
 * What tells one record from the next. The token alone would not do: the shipped kit knows none and leaves ours standing,
 * and an agent that claims again keeps its own, with a new `claim_ms`.
 */
export const RECORD_FIELDS = [
  'current_owner',
  'docker_id',
  'container_id',
  'container-id',
  'claim_token',
  'claim_ms',
  'update_time',
] as const;

/** A container that has claimed was running; the engine's listing and the record are not read at one instant. */
const START_GRACE_MS = 10_000;
/** The host writes the owner before it starts the container, which on a switch that boots may take the engine a while. */
const HOST_START_GRACE_MS = 70_000;

/** By what the recorded holder is to be asked for at the engine: an id, a name, or nothing. */
export function selectHolderName(feature: string, status: FeatureStatus): string | undefined {
  if (!isOwner(status.currentOwner)) return undefined;
  const isId = status.dockerId !== '' && status.dockerId !== 'unknown';
  if (isId) return status.dockerId;
  return status.currentOwner === 'local' && status.dockerId !== '' ? feature : undefined;
}

export function decideReap(input: ReapInput): ReapDecision {
  const { feature, statusValues, engineState } = input;
  const status = decodeStatus(statusValues);
  if (!isOwner(status.currentOwner) || status.dockerId === '') return keepRecord('nobody is recorded');
  if (engineState === undefined) return keepRecord('the container engine does not answer');
  if (['running', 'paused', 'restarting'].includes(engineState))
    return keepRecord(`its container is ${engineState}`);
  const wait = findWait(input, status, engineState);
  if (wait !== undefined) return wait;
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

/** The container does not run as far as the engine tells; is that certain? */
function findWait(
  input: ReapInput,
  status: FeatureStatus,
  engineState: HolderState,
): ReapDecision | undefined {
  const { now, sameSinceMs, endedAtMs, feature, beat } = input;
  // It ran under this record, and ended.
  if (endedAtMs !== undefined && endedAtMs >= sameSinceMs) return undefined;
  const isNamed = selectHolderName(feature, status) !== undefined;
  const holder = findLiveHolder(status, beat, now);
  // Another engine may run it, and an id may be unknown: a heartbeat is the better witness.
  const isBeating = holder?.liveUntilMs !== undefined;
  if (isBeating && (engineState === 'missing' || !isNamed))
    return keepRecord(
      'the container engine does not know it, but its heartbeat is not overdue',
      holder.liveUntilMs,
    );
  // A holder of the shipped kit: it counts as live until it is cleared. Another engine may run it, containerd say, or a pod
  // that bears the feature's name on record only (D25).
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
