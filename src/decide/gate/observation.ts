/**
 * What a gate or an agent has itself seen of the store. A lease can only run out for an observer to whom the store was usable
 * all the time: while it was not, the holder could not renew (contract.md, section 2, "A holder is live").
 */
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import { OVERDUE_AFTER_INTERVALS, type Heartbeat } from '../../contract/health/heartbeat.ts';

/** Of a holder that is not on record. */
const LONGEST_COUNTED_INTERVAL_MS = 20_000;

export interface StoreObservation {
  /** Three of the observer's own intervals, one minute at most. */
  readonly ownLeaseMs: number;
  /** The lease of a holder that is not on record: the own one, or that of the last heartbeat if it is longer; 1 min at most. */
  readonly leaseMs: number;
  /**
   * Boot clock: since when every look found the store readable and writable, the same server, and the watch unbroken;
   * undefined where the last look did not.
   */
  readonly goodSinceMs: number | undefined;
  /** An outage was seen before that, or must have been: the server is younger than a lease, or a record has vanished. */
  readonly hadOutage: boolean;
  /** What the server says may be older than the last claim: it was started again, or is another one. */
  readonly hasServerChanged: boolean;
  /** As read last; empty if it was never told. */
  readonly serverId: string;
  /** Id and token of the holder on record at the last look; empty if there was none. */
  readonly holder: string;
  /** Boot clock: its last sign of life that was seen; -Infinity if there was none. */
  readonly signOfLifeMs: number;
  /** Boot clock: a later look may have missed an outage; undefined where no other holder was on record. */
  readonly lookByMs: number | undefined;
}

/** One look at the store that has succeeded. `nowMs` is on the boot clock. */
export interface StoreLook {
  readonly serverId: string;
  readonly uptimeMs: number;
  readonly status: FeatureStatus;
  readonly heartbeat: Pick<Heartbeat, 'token' | 'intervalMs' | 'beatMs'>;
  readonly nowMs: number;
}

/**
 * An agent beats at once when it loses its connection: whoever promises longer intervals is not waited for so long where
 * nobody is on record. Long intervals would otherwise keep a feature from starting for as long after each start of Redis.
 */
const toLease = (intervalMs: number): number =>
  OVERDUE_AFTER_INTERVALS * Math.min(intervalMs, LONGEST_COUNTED_INTERVAL_MS);

export const beginObservation = (intervalMs: number): StoreObservation => ({
  ownLeaseMs: toLease(intervalMs),
  leaseMs: toLease(intervalMs),
  goodSinceMs: undefined,
  hadOutage: false,
  hasServerChanged: false,
  serverId: '',
  holder: '',
  signOfLifeMs: -Infinity,
  lookByMs: undefined,
});

/** A call has failed, a write was refused, or the watch has ended. `nowMs` is on the boot clock. */
export const recordOutage = (before: StoreObservation, nowMs: number): StoreObservation => ({
  ...before,
  goodSinceMs: undefined,
  hadOutage: true,
  hasServerChanged: isServerInDoubt(before, nowMs),
});

export function recordLook(
  before: StoreObservation,
  { serverId, uptimeMs, status, heartbeat, nowMs }: StoreLook,
): StoreObservation {
  const { ownLeaseMs, goodSinceMs } = before;
  const leaseMs = findLease(before, heartbeat);
  const isYoung = uptimeMs < ownLeaseMs;
  // After an outage a server that does not tell its id may be another one.
  const isSame = serverId === before.serverId && (serverId !== '' || goodSinceMs !== undefined);
  const isFirst = goodSinceMs === undefined && !before.hadOutage;
  const hasChanged = isFirst ? isYoung : !isSame;
  const holder = hasRecordedHolder(status) ? `${status.dockerId}/${status.claimToken}` : '';
  const isVanished = before.holder !== '' && holder === '' && status.currentOwner === '';
  // Between its claim and the first sight of it there may have been an outage that nobody here has seen.
  const isFirstSight = holder !== '' && holder !== before.holder;
  const signOfLifeMs = findSignOfLife(status, heartbeat);
  // Its heartbeat was deleted, or is an older one: it may have beaten since, and looks overdue.
  const isAged = holder !== '' && holder === before.holder && signOfLifeMs < before.signOfLifeMs;
  const isLate = before.lookByMs !== undefined && nowMs > before.lookByMs;
  const isFresh = goodSinceMs === undefined || hasChanged || isVanished || isAged || isLate || isFirstSight;
  return {
    ownLeaseMs,
    leaseMs,
    goodSinceMs: isFresh ? nowMs : goodSinceMs,
    hadOutage: before.hadOutage || hasChanged || isVanished || isAged || isLate,
    hasServerChanged: hasChanged || isVanished || isServerInDoubt({ ...before, leaseMs }, nowMs),
    serverId,
    holder,
    signOfLifeMs,
    lookByMs: undefined,
  };
}

function findSignOfLife(
  { claimMs = -Infinity, claimToken }: FeatureStatus,
  { token, beatMs = -Infinity }: StoreLook['heartbeat'],
): number {
  return token === claimToken ? Math.max(claimMs, beatMs) : claimMs;
}

/** A store that lost the record may have lost the heartbeat with it: then what was read before counts. */
const findLease = (
  { leaseMs, ownLeaseMs }: StoreObservation,
  { token, intervalMs }: StoreLook['heartbeat'],
): number => (token === '' ? leaseMs : Math.max(ownLeaseMs, toLease(intervalMs)));

/** Once holders had a whole lease to record themselves, it does not matter any more that the server had changed. */
const isServerInDoubt = (
  { hasServerChanged, goodSinceMs, leaseMs }: StoreObservation,
  nowMs: number,
): boolean => hasServerChanged && (goodSinceMs === undefined || nowMs < goodSinceMs + leaseMs);

/**
 * Boot clock: until when a holder with this interval counts as live, whatever its heartbeat says. After an outage it has a
 * whole lease to renew its claim; without one, the first sight of it is confirmed after one interval.
 */
export function findGraceEndMs({ goodSinceMs, hadOutage }: StoreObservation, intervalMs: number): number {
  if (goodSinceMs === undefined) return Infinity;
  return goodSinceMs + (hadOutage ? OVERDUE_AFTER_INTERVALS : 1) * intervalMs;
}
