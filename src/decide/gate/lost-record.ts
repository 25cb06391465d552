/** Nobody is on record, but somebody may run: the store has lost the record, or says what was before it. */
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import {
  isFromFuture,
  OVERDUE_AFTER_INTERVALS,
  overdueAtMs,
  type Heartbeat,
} from '../../contract/health/heartbeat.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { Self } from './live-holder.ts';
import type { StoreObservation } from './observation.ts';

/**
 * An outage that keeps the holder from its heartbeat is seen by one of the looks, or it is shorter than the pause between two:
 * then its agent, whose back-off is about as long as what it has failed for, has tried again before three of them are over.
 */
const LOOKS_PER_INTERVAL = 20;
const SPARE_LOOKS = 3;
/** A gate sends at most five commands a second; milliseconds. */
const SHORTEST_LOOK_MS = 200;

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
  /** How the observer has to look meanwhile, milliseconds: so often, and never later than this interval of its own. */
  readonly lookEveryMs: number;
  readonly intervalMs: number;
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
  return { untilMs, ...findPace(input.observation), text };
}

function findPace({ ownLeaseMs }: StoreObservation): Pick<LostRecord, 'intervalMs' | 'lookEveryMs'> {
  const intervalMs = ownLeaseMs / OVERDUE_AFTER_INTERVALS;
  return { intervalMs, lookEveryMs: Math.max(SHORTEST_LOOK_MS, intervalMs / LOOKS_PER_INTERVAL) };
}

/**
 * `none` is a release, unless it is older than the last claim. No owner at all may be a record that was lost before the first
 * look: a container that runs beats within one interval, and then it is on record again.
 */
function findDoubtEndMs({ status, observation }: LostRecordInput): number {
  const { goodSinceMs = Infinity, hadOutage, hasServerChanged, leaseMs } = observation;
  if (status.currentOwner === 'none') return hasServerChanged ? goodSinceMs + leaseMs : -Infinity;
  if (hadOutage) return goodSinceMs + leaseMs;
  const { intervalMs, lookEveryMs } = findPace(observation);
  return goodSinceMs + intervalMs + SPARE_LOOKS * lookEveryMs;
}

/** A release writes `none`. A heartbeat beside no owner at all is that of a container whose record was deleted. */
function findBeatEndMs({ status, heartbeat, self, now }: LostRecordInput): number {
  const { token, beatMs, intervalMs } = heartbeat;
  const isOthers = token !== '' && token !== self.token;
  if (status.currentOwner === 'none' || !isOthers || beatMs === undefined) return -Infinity;
  return isFromFuture({ beatMs, intervalMs }, now) ? -Infinity : overdueAtMs({ beatMs, intervalMs });
}
