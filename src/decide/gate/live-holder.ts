import { findGraceEndMs, type StoreObservation } from './observation.ts';
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  isFromFuture,
  overdueAtMs,
  type Heartbeat,
} from '../../contract/health/heartbeat.ts';

/** The container that runs the feature, according to its record in STATE_DB. */
export interface Holder {
  readonly owner: string;
  readonly dockerId: string;
  /** Empty for a container of the shipped kit, which writes no token. */
  readonly token: string;
  readonly version: string;
  /** Of its heartbeats, milliseconds. */
  readonly intervalMs: number;
  /** Boot clock; undefined for one without a token, or whose heartbeat can't be read: live until its record is cleared. */
  readonly liveUntilMs: number | undefined;
  /**
   * Boot clock: when it has claimed, however often it was recorded again since; undefined for one that does not tell. A
   * claim without a heartbeat does not tell whether it is the first.
   */
  readonly claimedMs: number | undefined;
}

/** The identity of a gate or an agent, to tell its own record from another container's. */
export interface Self {
  readonly dockerId: string;
  readonly token: string;
}

/**
 * The live holder of a feature; undefined if there is none (contract.md, section 2, "A holder is live"). Whoever starts or
 * ends an application for it gives its own observation of the store. Without one, the record is judged by itself.
 */
export function findLiveHolder(
  status: FeatureStatus,
  beat: Heartbeat,
  now: BootTime,
  observation?: StoreObservation,
): Holder | undefined {
  if (!hasRecordedHolder(status)) return undefined;
  const isBeating = status.claimToken !== '' && beat.token === status.claimToken;
  // The shipped kit has claimed for another owner, and has not cleared the fields of a claim of ours. Where the row has
  // `claim_owner`, decodeStatus has told them apart already.
  const isOverwritten = isBeating && beat.owner !== '' && beat.owner !== status.currentOwner;
  // Only this claim's own agent beats with its token: whoever has changed the boot id in the record has not ended it.
  const bootId = isBeating && beat.bootId === now.bootId ? beat.bootId : status.claimBootId;
  if (!isOverwritten && bootId !== '' && bootId !== now.bootId) return undefined;
  const intervalMs = isBeating ? beat.intervalMs : DEFAULT_HEARTBEAT_INTERVAL_MS;
  const holder = {
    intervalMs,
    owner: status.currentOwner,
    dockerId: (isOverwritten && status.containerId) || status.dockerId,
    token: isOverwritten ? '' : status.claimToken,
    version: (!isOverwritten && isBeating && beat.version) || status.containerVersion,
  };
  if (holder.token === '' || beat.isUnreadable === true)
    return { ...holder, liveUntilMs: undefined, claimedMs: undefined };

  const signsOfLife = [status.claimMs, isBeating ? beat.beatMs : undefined].filter(
    (ms): ms is number => ms !== undefined && !isFromFuture({ beatMs: ms, intervalMs }, now),
  );
  const graceEndMs = observation === undefined ? -Infinity : findGraceEndMs(observation, intervalMs);
  const liveUntilMs = Math.max(overdueAtMs({ beatMs: Math.max(...signsOfLife), intervalMs }), graceEndMs);
  const claimedMs = (isBeating ? beat.startedMs : undefined) ?? status.claimMs;
  return now.bootMs >= liveUntilMs ? undefined : { ...holder, liveUntilMs, claimedMs };
}

/** True for the own record. Two unknown ids are not the same container. */
export const isSelf = (holder: Holder, self: Self): boolean =>
  (holder.token !== '' && holder.token === self.token) ||
  (holder.dockerId === self.dockerId && self.dockerId !== 'unknown');

/** Identifies one claim, also one of the shipped kit, which has no token; empty for no holder. */
export const describeIdentity = (holder: Holder | undefined): string =>
  holder === undefined ? '' : `${holder.dockerId}/${holder.token}`;
