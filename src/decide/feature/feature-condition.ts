/**
 * How a feature stands with Kubernetes at one instant: is what was deployed well, is it failing, or does this moment
 * say nothing about it? (contract.md, section 8, "Fallback"; HLD, "Failure detection".) What was planned is never a
 * failure.
 */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FailureCause } from '../../contract/feature/daemon-view.ts';
import {
  isDisabled,
  isOwner,
  type FeatureConfig,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import { overdueAtMs } from '../../contract/health/heartbeat.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import { isDownByItself, type UnitState } from '../../contract/feature/unit-state.ts';
import { findLiveHolder, type Holder } from '../gate/live-holder.ts';

/** The last end of a container of Kubernetes of this feature, as the daemon saw it. */
export interface LastEnd {
  readonly imageId: string;
  /** Of the claim that ended; empty if it had none. */
  readonly token: string;
  /** Boot clock of this boot. */
  readonly atMs: number;
  /** Somebody asked for it: the service was stopped, the container got its SIGTERM and said it was stopping. */
  readonly wasPlanned: boolean;
  /** How it ended, one line: `exit code 139`. */
  readonly text: string;
}

/** Everything the host side judges a feature by, as of one look. */
export interface FeatureConditionInput {
  readonly feature: string;
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly beat: ObservedBeat;
  readonly now: BootTime;
  /** The recorded holder's; undefined if the engine does not know it. */
  readonly container:
    { readonly imageId: string; readonly isRunning: boolean; readonly isPaused?: boolean } | undefined;
  readonly isEngineAway: boolean;
  readonly lastEnd: LastEnd | undefined;
  /** Undefined as long as nobody has said. */
  readonly isMasterConnected: boolean | undefined;
  /** A warm or fast reboot is under way. */
  readonly isRebooting: boolean;
  /** Undefined if nobody asked systemd: then a service that is down counts as stopped. */
  readonly unit?: UnitState | undefined;
}

/** `requeueAtMs`, boot clock: when time alone may change it. */
export type FeatureCondition = { readonly text: string; readonly requeueAtMs: number | undefined } & (
  | { readonly kind: 'well'; readonly subject: string }
  /** `subject` is the image, empty for `not-deployed`. */
  | { readonly kind: 'failing'; readonly subject: string; readonly cause: FailureCause }
  /** `subject` is empty unless an image of Kubernetes is there. */
  | { readonly kind: 'neutral'; readonly subject: string }
);

/** kubelet's longest back-off is 5 minutes, twice that: what crashed and has not come back by then is not in a loop. */
export const CRASH_WINDOW_MS = 600_000;

export function decideFeatureCondition(snapshot: FeatureConditionInput): FeatureCondition {
  const { config, status, isEngineAway, isRebooting } = snapshot;
  if (config.setOwner !== 'kube')
    return createNeutral(`set_owner is "${config.setOwner}": local has nothing to fall back to`);
  if (isDisabled(config)) return createNeutral(`the feature is ${config.state}`);
  if (isRebooting) return createNeutral('a warm or fast reboot is under way');
  // An engine that restarts ends all its containers: no image's fault, and no container could be started either.
  if (isEngineAway) return createNeutral('the container engine does not answer');
  if (status.systemState !== 'up') return decideStopped(snapshot);
  if (!isOwner(status.currentOwner) || status.dockerId === '') return decideWithoutHolder(snapshot);
  if (status.currentOwner === 'local') return createNeutral('the local image runs');
  return decideOfHolder(snapshot);
}

/** `system_state` is down between a crash and systemd's next start too; only systemd can tell that from a stop. */
function decideStopped(snapshot: FeatureConditionInput): FeatureCondition {
  const { unit, feature, status } = snapshot;
  const stopped = createNeutral(
    `service ${feature} is not started: system_state is "${toOneLine(status.systemState, 20)}"`,
  );
  return (isDownByItself(unit) && findCrash(snapshot)) || stopped;
}

function decideWithoutHolder(snapshot: FeatureConditionInput): FeatureCondition {
  const { status, isMasterConnected } = snapshot;
  const crash = findCrash(snapshot);
  if (crash !== undefined) return crash;
  if (['pending', 'ready'].includes(status.remoteState))
    return createNeutral('a container waits for the host to let it start');
  if (isMasterConnected !== true) return createNeutral('nothing is deployed, and the master is out of reach');
  return createFailing('', 'not-deployed', 'Kubernetes has deployed nothing', undefined);
}

function decideOfHolder(snapshot: FeatureConditionInput): FeatureCondition {
  const { status, beat, now, container, lastEnd } = snapshot;
  if (status.claimBootId !== '' && status.claimBootId !== now.bootId)
    return createNeutral('the record is of another boot');
  const { claimToken: token } = status;
  const holder = findLiveHolder(status, beat, now);
  if (token === '' || holder?.token === '')
    return createNeutral(
      'a container of the shipped kit: there are no heartbeats to judge it by',
      container?.imageId,
    );
  // The record and the last heartbeat of a container outlive it for a moment.
  const isOver = lastEnd?.token === token || container?.isRunning === false;
  if (isOver) return findCrash(snapshot) ?? createNeutral('its container has ended');
  if (container === undefined) return createNeutral('the container engine does not know the container');
  if (beat.token === token && beat.bootId !== '' && beat.bootId !== now.bootId)
    return createNeutral('the heartbeat is of another boot', container.imageId);
  // Somebody is looking at it: it can't beat.
  if (container.isPaused === true) return createNeutral('its container is paused', container.imageId);
  return decideOfBeat(snapshot, container.imageId, holder);
}

function decideOfBeat(
  snapshot: FeatureConditionInput,
  imageId: string,
  holder: Holder | undefined,
): FeatureCondition {
  const { beat } = snapshot;
  const name = shortImageId(imageId);
  const lateAtMs = findOverdueAtMs(snapshot);
  if (lateAtMs === undefined) {
    // A young claim may not have beaten yet.
    if (holder !== undefined) return decideOfStart(snapshot, imageId, holder.liveUntilMs);
    return createFailing(
      imageId,
      'silent',
      `the heartbeat of image ${name} is overdue though its container runs`,
      undefined,
    );
  }
  switch (beat.status) {
    case 'healthy':
    case 'degraded':
      if (beat.healthySinceMs === undefined)
        return createNeutral('its health is not known', imageId, lateAtMs);
      return {
        kind: 'well',
        subject: imageId,
        text: `image ${name} is ${beat.status}`,
        requeueAtMs: lateAtMs,
      };
    case 'unhealthy':
      return createFailing(
        imageId,
        'unhealthy',
        `image ${name} is unhealthy: ${toOneLine(beat.reason, MAX_REASON_LENGTH)}`,
        lateAtMs,
      );
    case 'starting':
      return decideOfStart(snapshot, imageId, lateAtMs);
    case 'stopping':
      return createNeutral('its container is stopping', imageId, lateAtMs);
    case undefined:
      return createNeutral('the heartbeat says no status that is known', imageId, lateAtMs);
  }
}

/** A start is no failure, unless the same image has just crashed. */
function decideOfStart(
  snapshot: FeatureConditionInput,
  imageId: string,
  lateAtMs: number | undefined,
): FeatureCondition {
  const crash = snapshot.lastEnd?.imageId === imageId ? findCrash(snapshot) : undefined;
  if (crash === undefined) return createNeutral('its container is starting', imageId, lateAtMs);
  return { ...crash, requeueAtMs: Math.min(crash.requeueAtMs ?? Infinity, lateAtMs ?? Infinity) };
}

/** The last end was a crash, and young, and nothing better has come since. */
function findCrash({ lastEnd, beat, now, unit }: FeatureConditionInput): FeatureCondition | undefined {
  if (lastEnd === undefined || lastEnd.wasPlanned || lastEnd.imageId === '') return undefined;
  // The start after it was well, or was asked to stop: how that one ended is not told yet.
  const isOfLaterStart = beat.token !== lastEnd.token && (beat.beatMs ?? 0) > lastEnd.atMs;
  if (isOfLaterStart && beat.status !== 'starting' && beat.status !== 'unhealthy') return undefined;
  // Where systemd has given up, the next container is held: it can't get well by itself.
  const overAtMs = unit === 'failed' ? undefined : lastEnd.atMs + CRASH_WINDOW_MS;
  if (overAtMs !== undefined && now.bootMs >= overAtMs) return undefined;
  const text = `image ${shortImageId(lastEnd.imageId)} crashed and is not well since: ${toOneLine(lastEnd.text, MAX_REASON_LENGTH)}`;
  return createFailing(lastEnd.imageId, 'crash-looping', text, overAtMs);
}

/** When the holder's own heartbeat is overdue; undefined if it is already, or there is none. */
function findOverdueAtMs({ beat, status, now }: FeatureConditionInput): number | undefined {
  const { token, beatMs, intervalMs } = beat;
  // One from the future is none, as findLiveHolder has it.
  if (token !== status.claimToken || beatMs === undefined || beatMs > now.bootMs + intervalMs)
    return undefined;
  const atMs = overdueAtMs({ beatMs, intervalMs });
  return now.bootMs < atMs ? atMs : undefined;
}

const createNeutral = (text: string, subject = '', requeueAtMs?: number): FeatureCondition => ({
  kind: 'neutral',
  subject,
  text,
  requeueAtMs,
});

const createFailing = (
  subject: string,
  cause: FailureCause,
  text: string,
  requeueAtMs: number | undefined,
): FeatureCondition => ({ kind: 'failing', subject, cause, text, requeueAtMs });
