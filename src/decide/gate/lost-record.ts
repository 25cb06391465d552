/** Nobody is on record, but somebody may run: the store has lost the record, or says what was before it. */
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  isFromFuture,
  OVERDUE_AFTER_INTERVALS,
  overdueAtMs,
  type Heartbeat,
} from '../../contract/health/heartbeat.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { Self } from './live-holder.ts';
import type { StoreObservation } from './observation.ts';

/** The first start after a boot waits as long as for this interval, too: nobody has ever written an owner then. */
const LONGEST_CONFIRMED_INTERVAL_MS = DEFAULT_HEARTBEAT_INTERVAL_MS;
/** In intervals. A heartbeat is due once in each, and takes some time. */
const CONFIRMATION_INTERVALS = 1.1;

export interface LostRecordInput {
  readonly status: FeatureStatus;
  readonly heartbeat: Heartbeat;
  readonly self: Self;
  readonly observation: StoreObservation;
  readonly now: BootTime;
}

export interface LostRecord {
  /** Boot clock: an agent that runs has recorded itself again by then. */
  readonly untilMs: number;
  /** One line for people. */
  readonly text: string;
}

/** Undefined where a holder is on record, or where there is none for certain. */
export function findLostRecord(input: LostRecordInput): LostRecord | undefined {
  if (hasRecordedHolder(input.status)) return undefined;
  const untilMs = Math.max(findDoubtEndMs(input), findBeatEndMs(input));
  if (input.now.bootMs >= untilMs) return undefined;
  const text =
    'the database may have lost the record of a container that runs: waiting for it to record itself again';
  return { untilMs, text };
}

/**
 * `none` is a release, unless it is older than the last claim. No owner at all may be a record that was lost before the first
 * look: a container that runs beats within one interval, and then it is on record again.
 */
function findDoubtEndMs({ status, observation }: LostRecordInput): number {
  const { goodSinceMs = Infinity, hadOutage, hasServerChanged, leaseMs, ownLeaseMs } = observation;
  if (status.currentOwner === 'none') return hasServerChanged ? goodSinceMs + leaseMs : -Infinity;
  if (hadOutage) return goodSinceMs + leaseMs;
  const intervalMs = Math.min(ownLeaseMs / OVERDUE_AFTER_INTERVALS, LONGEST_CONFIRMED_INTERVAL_MS);
  return goodSinceMs + CONFIRMATION_INTERVALS * intervalMs;
}

/** A release writes `none`. A heartbeat beside no owner at all is that of a container whose record was deleted. */
function findBeatEndMs({ status, heartbeat, self, now }: LostRecordInput): number {
  const { token, beatMs, intervalMs } = heartbeat;
  const isOthers = token !== '' && token !== self.token;
  if (status.currentOwner === 'none' || !isOthers || beatMs === undefined) return -Infinity;
  return isFromFuture({ beatMs, intervalMs }, now) ? -Infinity : overdueAtMs({ beatMs, intervalMs });
}
