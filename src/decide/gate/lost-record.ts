/** Nobody is on record, but somebody may run: the store has lost the record, or says what was before it. */
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import { isFromFuture, overdueAtMs, type Heartbeat } from '../../contract/health/heartbeat.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { Self } from './live-holder.ts';
import type { StoreObservation } from './observation.ts';

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

/** `none` is a release, unless it is older than the last claim; no owner at all is a release unless there was an outage. */
function findDoubtEndMs({ status, observation }: LostRecordInput): number {
  const { goodSinceMs, hadOutage, hasServerChanged, leaseMs } = observation;
  const isInDoubt = status.currentOwner === 'none' ? hasServerChanged : hadOutage;
  return isInDoubt ? (goodSinceMs ?? Infinity) + leaseMs : -Infinity;
}

/** A release writes `none`. A heartbeat beside no owner at all is that of a container whose record was deleted. */
function findBeatEndMs({ status, heartbeat, self, now }: LostRecordInput): number {
  const { token, beatMs, intervalMs } = heartbeat;
  const isOthers = token !== '' && token !== self.token;
  if (status.currentOwner === 'none' || !isOthers || beatMs === undefined) return -Infinity;
  return isFromFuture({ beatMs, intervalMs }, now) ? -Infinity : overdueAtMs({ beatMs, intervalMs });
}
