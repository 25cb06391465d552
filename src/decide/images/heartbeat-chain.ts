/**
 * The unbroken chain of healthy heartbeats that a certification rests on (contract.md, section 8, "Certified golden").
 */
import type { BootTime } from '../../contract/timestamps.ts';
import { isOwner, type FeatureStatus } from '../../contract/feature/feature.ts';
import { isFromFuture, isOverdue, overdueAtMs } from '../../contract/health/heartbeat.ts';
import { isImageId, shortImageId } from '../../contract/images/image.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import { toOneLine } from '../../text/printable.ts';
import { describeDuration } from '../../text/duration-text.ts';

/**
 * An unbroken chain of healthy heartbeats of one start of one container. Only time between two heartbeats that this daemon,
 * or the one before it, has both seen is earned: health that nobody watched proves nothing, and disproves nothing. Times are
 * on the boot clock, milliseconds.
 */
export interface HeartbeatChain {
  readonly token: string;
  readonly bootId: string;
  readonly imageId: string;
  /** `seq`, `beatMs` and `overdueMs` are those of the last heartbeat. */
  readonly seq: number;
  readonly beatMs: number;
  /** A next heartbeat at or after this breaks the chain. */
  readonly overdueMs: number;
  /**
   * `beatMs - fromMs` is the time earned. At first the `beatMs` of the first heartbeat, as earlier health is only what the
   * agent claims; a gap that nobody watched moves it on by its length.
   */
  readonly fromMs: number;
}

export interface ChainInput {
  /** Undefined if there is no row. */
  readonly beat: ObservedBeat | undefined;
  /** Read in the same step as the heartbeat. */
  readonly status: FeatureStatus;
  /** The engine does not answer, so `imageId` is not known. */
  readonly isEngineAway: boolean;
  /**
   * The image of the container that sent the heartbeat; undefined if the container does not run or its image is not known.
   */
  readonly imageId: string | undefined;
  /** The image has an open fallback, so it can't become golden. */
  readonly hasOpenFallback: boolean;
  readonly now: BootTime;
}

/** A heartbeat that counts. */
type CountedBeat = Omit<HeartbeatChain, 'fromMs'> & { readonly healthySinceMs: number };

export interface ChainProgress {
  /** For the next call; undefined where the chain has ended. */
  readonly kept: HeartbeatChain | undefined;
  /** The chain with the heartbeat that was read now, or one line on why none counts now. */
  readonly counted: HeartbeatChain | string;
}

/**
 * To be called on every change of the rows: time whose heartbeats it does not see is not earned. `last` is what the previous
 * call kept. Total: no row makes it throw.
 */
export function advanceChain(last: HeartbeatChain | undefined, input: ChainInput): ChainProgress {
  const unseen = describeUnseen(input);
  if (unseen !== undefined) return { kept: last, counted: unseen };
  const beat = assessBeat(input);
  if (typeof beat === 'string') return { kept: undefined, counted: beat };
  const chain = extendChain(last, beat);
  return { kept: chain, counted: chain };
}

/** Why nothing can be known now, which neither earns nor loses; undefined where something can. */
function describeUnseen({ isEngineAway, status }: ChainInput): string | undefined {
  if (isEngineAway)
    return 'the container engine does not answer: the healthy time stays as it is until it does';
  // Not `none`, which a release leaves: the server was emptied, and the agent will record itself again.
  if (status.currentOwner === '')
    return 'nobody is recorded: the healthy time stays as it is until a container that runs is';
  return undefined;
}

/** The chain with this heartbeat; a new chain that begins with it where it does not follow the last one. */
function extendChain(last: HeartbeatChain | undefined, counted: CountedBeat): HeartbeatChain {
  const { healthySinceMs: _, ...beat } = counted;
  const unwatchedMs = last === undefined ? undefined : findUnwatchedMs(last, counted);
  return {
    ...beat,
    fromMs: last === undefined || unwatchedMs === undefined ? beat.beatMs : last.fromMs + unwatchedMs,
  };
}

/**
 * How much of the time since the last heartbeat nobody watched; undefined where the heartbeat does not go on with the chain.
 * The agent counts `seq` and dates `healthy_since_ms`: so it was healthy in a gap too if that is no later than the last
 * heartbeat before the gap. Two heartbeats in a row that are too far apart are no gap: the agent was silent.
 */
function findUnwatchedMs(last: HeartbeatChain, counted: CountedBeat): number | undefined {
  const { token, bootId, imageId, seq, beatMs, healthySinceMs } = counted;
  const isSameStart = token === last.token && bootId === last.bootId && imageId === last.imageId;
  if (!isSameStart || healthySinceMs > last.beatMs) return undefined;
  if (seq === last.seq) return beatMs === last.beatMs && counted.overdueMs === last.overdueMs ? 0 : undefined;
  if (seq < last.seq || beatMs < last.beatMs) return undefined;
  if (seq > last.seq + 1) return beatMs - last.beatMs;
  return beatMs < last.overdueMs ? 0 : undefined;
}

/** The heartbeat if it counts, else one line on why it does not and what would change that. */
function assessBeat(input: ChainInput): CountedBeat | string {
  const { beat, imageId } = input;
  if (beat === undefined)
    return 'there is no heartbeat: it counts once a container with the kit in its image runs the feature';
  const foreign = describeForeignBeat(beat, input);
  if (foreign !== undefined) return foreign;
  if (imageId === undefined || !isImageId(imageId))
    return 'the engine shows no running container that sends the heartbeat: it counts once its image can be told';
  if (input.hasOpenFallback)
    return `image ${shortImageId(imageId)} has been fallen back from: it counts once that is lifted`;
  return assessHealth(beat, imageId, input.now);
}

/** Why the heartbeat is not that of the container which runs the feature in this boot; undefined if it is. */
function describeForeignBeat(beat: ObservedBeat, { status, now }: ChainInput): string | undefined {
  if (!isOwner(status.currentOwner)) return 'no container runs the feature: it counts once one does';
  if (status.claimToken === '')
    return 'the container that runs the feature has no claim token: only one with the kit in its image counts';
  // The shipped kit writes the owner, and does not clear the token of an earlier claim.
  if (beat.token !== status.claimToken || beat.owner !== status.currentOwner)
    return 'the heartbeat is not that of the container that runs the feature: it counts once that one sends its own';
  if (beat.bootId !== now.bootId)
    return 'the heartbeat is of another boot: it counts once the container has started in this one';
  return undefined;
}

function assessHealth(beat: ObservedBeat, imageId: string, now: BootTime): CountedBeat | string {
  const { token, bootId, status, seq, beatMs, healthySinceMs, intervalMs, restarts } = beat;
  if (seq === undefined || beatMs === undefined || restarts === undefined)
    return 'the heartbeat makes no sense: seq, beat_ms and restarts have to be numbers';
  if (isFromFuture({ beatMs, intervalMs }, now))
    return 'the heartbeat is from the future: it counts once its time has come';
  if (isOverdue({ beatMs, intervalMs }, now))
    return `the heartbeat is overdue: it counts anew once there is one again every ${describeDuration(intervalMs)}`;
  if (restarts > 0)
    return `critical processes have ended unexpectedly since this start (${restarts}): only a new start of the container counts`;
  if (status !== 'healthy' && status !== 'degraded') {
    const why = beat.reason === '' ? '' : `: ${toOneLine(beat.reason, 200)}`;
    return `the container is ${status ?? 'in no known status'}, it counts once it is healthy${why}`;
  }
  if (healthySinceMs === undefined)
    return 'a required check can’t be told: it counts once all of them are known to be ok';
  if (healthySinceMs > beatMs) return 'the heartbeat makes no sense: healthy_since_ms is later than beat_ms';
  const overdueMs = overdueAtMs({ beatMs, intervalMs });
  return { token, bootId, imageId, seq, beatMs, overdueMs, healthySinceMs };
}
