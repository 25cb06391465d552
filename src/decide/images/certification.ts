/** From heartbeats to golden (contract.md, section 8, "Certified golden"; D18: not by a timer and a text search). */
import type { BootTime } from '../../contract/timestamps.ts';
import type { CertificationVerdict } from '../../contract/feature/daemon-view.ts';
import { isOwner, type FeatureStatus } from '../../contract/feature/feature.ts';
import { overdueAtMs } from '../../contract/health/heartbeat.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import { isImageId, shortImageId } from '../../contract/images/image.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import { toOneLine } from '../../text/printable.ts';
import { describeDuration } from '../../text/duration-text.ts';

/**
 * An unbroken chain of heartbeats of one start of one container, all healthy, every one of them seen by this daemon. It
 * lives in memory only: what nobody watched proves nothing. Times are boot clock, milliseconds.
 */
export interface Evidence {
  readonly token: string;
  readonly bootId: string;
  readonly imageId: string;
  /** Of the last heartbeat, as is `beatMs`. */
  readonly seq: number;
  readonly beatMs: number;
  /** By its own promise; a next heartbeat at or after this breaks the chain. */
  readonly overdueMs: number;
  /** The first heartbeat of the chain: health that is claimed for the time before was watched by nobody. */
  readonly fromMs: number;
}

export interface CertificationInput {
  /** Undefined if there is no row. */
  readonly beat: ObservedBeat | undefined;
  /** Read in the same step as the heartbeat. */
  readonly status: FeatureStatus;
  /**
   * Of the container that sent the heartbeat; undefined if it does not run, or its image can't be told. A container's
   * image never changes, so one that was told once need not be asked for again.
   */
  readonly imageId: string | undefined;
  readonly goldenImageId: string | undefined;
  /** The image has been fallen back from, and nobody has lifted that: it can't become golden. */
  readonly isFallen: boolean;
  readonly policy: ImagePolicy;
  readonly now: BootTime;
}

export interface Certification {
  /** To be handed in with the next look, also while the policy is off: the time counts once it is on. */
  readonly evidence: Evidence | undefined;
  readonly verdict: CertificationVerdict;
}

/** A heartbeat that counts. */
type CountedBeat = Omit<Evidence, 'fromMs'> & { readonly healthySinceMs: number };

/** To be asked on every change of the rows, and when the heartbeat is overdue. Total: no row makes it throw. */
export function decideCertification(
  evidence: Evidence | undefined,
  input: CertificationInput,
): Certification {
  const sound = assessBeat(input);
  const found = typeof sound === 'string' ? sound : extendEvidence(evidence, sound);
  return { evidence: typeof found === 'string' ? undefined : found, verdict: decideVerdict(found, input) };
}

function decideVerdict(found: Evidence | string, input: CertificationInput): CertificationVerdict {
  const { imageId, goldenImageId, policy } = input;
  if (imageId !== undefined && imageId === goldenImageId)
    return { kind: 'golden', text: `image ${shortImageId(imageId)} is golden` };
  const off = describeOff(policy);
  if (off !== undefined) return { kind: 'off', text: off };
  if (typeof found === 'string') return { kind: 'not-counting', text: found };
  return decideByTime(found, policy.activeTimeToMarkGoodMs);
}

/** By heartbeats only: the time since the last one is not known to be healthy yet. */
function decideByTime({ fromMs, beatMs, imageId }: Evidence, neededMs: number): CertificationVerdict {
  const healthyMs = beatMs - fromMs;
  const image = `image ${shortImageId(imageId)}`;
  const needed = `${describeDuration(neededMs)} (active_time_to_mark_good)`;
  if (healthyMs >= neededMs) {
    const text = `${image} was healthy without a break for ${describeDuration(healthyMs)}, of ${needed}: it becomes golden`;
    return { kind: 'certified', text, healthyMs };
  }
  // No time that passes in the text: it would be another text at every look.
  const text = `${image} is healthy, and becomes golden after ${needed} without a break`;
  return { kind: 'counting', text, fromMs, neededMs };
}

function describeOff({ isDisabled, activeTimeToMarkGoodMs }: ImagePolicy): string | undefined {
  if (isDisabled) return 'IMAGE_MGMT has Disable = true: no image becomes golden until that is false';
  if (activeTimeToMarkGoodMs > 0) return undefined;
  return 'active_time_to_mark_good is 0: no image becomes golden by time until IMAGE_MGMT sets one';
}

/** The chain with this heartbeat; where that does not follow, the count starts anew with it. */
function extendEvidence(evidence: Evidence | undefined, sound: CountedBeat): Evidence {
  const { healthySinceMs, ...last } = sound;
  const isUnbroken =
    evidence !== undefined &&
    evidence.token === sound.token &&
    evidence.bootId === sound.bootId &&
    evidence.imageId === sound.imageId &&
    healthySinceMs <= evidence.fromMs &&
    (isSameBeat(evidence, sound) || isNextBeat(evidence, sound));
  return { ...last, fromMs: isUnbroken ? evidence.fromMs : sound.beatMs };
}

const isSameBeat = (last: Evidence, { seq, beatMs, overdueMs }: CountedBeat): boolean =>
  seq === last.seq && beatMs === last.beatMs && overdueMs === last.overdueMs;

const isNextBeat = (last: Evidence, { seq, beatMs }: CountedBeat): boolean =>
  seq === last.seq + 1 && beatMs >= last.beatMs && beatMs < last.overdueMs;

/** A heartbeat that counts, or one line on why this one does not and what would change that. */
function assessBeat(input: CertificationInput): CountedBeat | string {
  const { beat, imageId } = input;
  if (beat === undefined)
    return 'there is no heartbeat: it counts once a container with the kit in its image runs the feature';
  const stranger = describeForeignBeat(beat, input);
  if (stranger !== undefined) return stranger;
  if (imageId === undefined || !isImageId(imageId))
    return 'the engine shows no running container that sends the heartbeat: it counts once its image can be told';
  if (input.isFallen)
    return `image ${shortImageId(imageId)} has been fallen back from: it counts once that is lifted`;
  return assessHealth(beat, imageId, input.now);
}

/** Why the heartbeat is not one of whoever runs the feature in this boot. */
function describeForeignBeat(beat: ObservedBeat, { status, now }: CertificationInput): string | undefined {
  if (!isOwner(status.currentOwner)) return 'no container runs the feature: it counts once one does';
  if (status.claimToken === '')
    return 'the container that runs the feature has no claim token: only one with the kit in its image counts';
  // The shipped kit writes the owner and leaves the token of an earlier claim standing.
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
  if (beatMs > now.bootMs + intervalMs)
    return 'the heartbeat is from the future: it counts once its time has come';
  const overdueMs = overdueAtMs({ beatMs, intervalMs });
  if (now.bootMs >= overdueMs)
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
  return { token, bootId, imageId, seq, beatMs, overdueMs, healthySinceMs };
}
