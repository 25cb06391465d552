/**
 * The condition of a feature at one instant: what Kubernetes deployed is healthy, or it fails, or the instant counts as
 * neither, or nothing can be known (contract.md, section 8, "Fallback"; HLD, "Failure detection"). A planned end is never a
 * failure.
 */
import { findEarliest, type BootTime } from '../../contract/timestamps.ts';
import {
  isDisabled,
  hasRecordedHolder,
  type FeatureConfig,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import { isFromFuture, isOverdue, overdueAtMs } from '../../contract/health/heartbeat.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import { isDownByItself, type UnitState } from '../../contract/feature/unit-state.ts';
import { findLiveHolder, type Holder } from '../gate/live-holder.ts';
import {
  createBlind,
  createFailing,
  createNeutral,
  createUnknown,
  type FeatureCondition,
} from './condition.ts';

/** The last end of a container that ran the feature for Kubernetes, as this daemon saw it. */
export interface LastEnd {
  readonly imageId: string;
  /** Token of the claim that ended; empty if it had none. */
  readonly token: string;
  readonly version: string;
  /** Boot clock, of this boot. */
  readonly atMs: number;
  /**
   * The end was asked for: the service was stopped, or the container got SIGTERM and reported that it is stopping. Also where
   * nothing can tell: a container of the shipped kit reports nothing.
   */
  readonly wasPlanned: boolean;
  /** One line for people: `exit code 139`. */
  readonly text: string;
}

/** The recorded holder's container, as the engine shows it. */
export interface HolderContainer {
  readonly imageId: string;
  readonly isRunning: boolean;
  readonly isPaused?: boolean;
}

export interface FeatureConditionInput {
  readonly feature: string;
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly beat: ObservedBeat;
  readonly now: BootTime;
  /** Undefined if the engine does not know it. */
  readonly container: HolderContainer | undefined;
  readonly isEngineAway: boolean;
  readonly lastEnd: LastEnd | undefined;
  /** Undefined while no row says. */
  readonly isMasterConnected: boolean | undefined;
  /** `container_version`, that of the container which asked last, has an open fallback. */
  readonly isAskerBlocked: boolean;
  /** A warm or fast reboot is under way. */
  readonly isRebooting: boolean;
  /** Undefined if systemd was not asked: then a service that is down counts as stopped. */
  readonly unit: UnitState | undefined;
}

/** Twice kubelet's longest back-off of 5 minutes: an image that has not crashed again by then is not in a loop. */
export const CRASH_WINDOW_MS = 600_000;

/** Total: every input gets a condition. */
export function decideFeatureCondition(input: FeatureConditionInput): FeatureCondition {
  const { config, status, isEngineAway, isRebooting } = input;
  // `config reload` empties the table for a moment, and a missing row reads like owner local.
  if (config.state === '' && config.setOwner !== 'kube')
    return createBlind('CONFIG_DB has no row of the feature');
  if (config.setOwner !== 'kube')
    return createNeutral(`set_owner is "${config.setOwner}": local has nothing to fall back to`);
  if (isDisabled(config)) return createNeutral(`the feature is ${config.state}`);
  if (isRebooting) return createNeutral('a warm or fast reboot is under way');
  // An engine that restarts ends all its containers. That is no image's fault, and nothing could be started meanwhile.
  if (isEngineAway) return createBlind('the container engine does not answer');
  if (status.systemState !== 'up') return decideWhileStopped(input);
  if (!hasRecordedHolder(status)) return decideWithoutHolder(input);
  if (status.currentOwner === 'local') return createNeutral('the local image runs');
  return decideWithHolder(input);
}

/** `system_state` is down between a crash and systemd's next start too: only systemd can tell that from a stop. */
function decideWhileStopped(input: FeatureConditionInput): FeatureCondition {
  const { unit, feature, status } = input;
  const stopped = createNeutral(
    `service ${feature} is not started: system_state is "${toOneLine(status.systemState, 20)}"`,
  );
  return (isDownByItself(unit) && findCrash(input)) || stopped;
}

function decideWithoutHolder(input: FeatureConditionInput): FeatureCondition {
  const { status, isMasterConnected } = input;
  // The shipped gate finds no id under cgroup v2, and writes an empty one.
  if (status.currentOwner === 'kube' || status.remoteState === 'running')
    return createUnknown('a container of the shipped kit runs it, which has recorded no id to find it by');
  const crash = findCrash(input);
  if (crash !== undefined) return crash;
  if (isAsking(status)) return createNeutral('a container waits for the host to let it start');
  if (isMasterConnected !== true) return createNeutral('nothing is deployed, and the master is out of reach');
  return createFailing('', 'not-deployed', 'Kubernetes has deployed nothing', undefined);
}

function decideWithHolder(input: FeatureConditionInput): FeatureCondition {
  const { status, beat, now, container, lastEnd } = input;
  if (status.claimBootId !== '' && status.claimBootId !== now.bootId)
    return createNeutral('the record is of another boot');
  const { claimToken: token } = status;
  const holder = findLiveHolder(status, beat, now);
  if (token === '' || holder?.token === '')
    return createUnknown(
      'a container of the shipped kit: there are no heartbeats to judge it by',
      container?.imageId,
    );
  // The record and the last heartbeat of a container outlive it for a moment.
  const isOver = lastEnd?.token === token || container?.isRunning === false;
  if (isOver) return findCrash(input) ?? createNeutral('its container has ended');
  if (container === undefined)
    return createUnknown(
      'the Docker engine does not know the container: another one runs it, or its id is not known',
    );
  if (beat.token === token && beat.bootId !== '' && beat.bootId !== now.bootId)
    return createNeutral('the heartbeat is of another boot', container.imageId);
  // A paused container can't beat.
  if (container.isPaused === true) return createNeutral('its container is paused', container.imageId);
  return decideByBeat(input, container.imageId, holder);
}

function decideByBeat(
  input: FeatureConditionInput,
  imageId: string,
  holder: Holder | undefined,
): FeatureCondition {
  const lateAtMs = findOverdueAtMs(input);
  if (lateAtMs !== undefined) return decideByStatus(input, imageId, lateAtMs);
  // The agent of a young claim may not have beaten yet.
  if (holder !== undefined) return decideWhileStarting(input, imageId, holder.liveUntilMs);
  const text = `the heartbeat of image ${shortImageId(imageId)} is overdue though its container runs`;
  return createFailing(imageId, 'silent', text, undefined);
}

/** `lateAtMs`: when the heartbeat becomes overdue, boot clock. */
function decideByStatus(input: FeatureConditionInput, imageId: string, lateAtMs: number): FeatureCondition {
  const { status, healthySinceMs, reason } = input.beat;
  const name = `image ${shortImageId(imageId)}`;
  switch (status) {
    case 'healthy':
    case 'degraded':
      if (healthySinceMs === undefined) return createNeutral('its health is not known', imageId, lateAtMs);
      return { kind: 'healthy', imageId, text: `${name} is ${status}`, requeueAtMs: lateAtMs };
    case 'unhealthy': {
      const text = `${name} is unhealthy: ${toOneLine(reason, MAX_REASON_LENGTH)}`;
      return createFailing(imageId, 'unhealthy', text, lateAtMs);
    }
    case 'starting':
      return decideWhileStarting(input, imageId, lateAtMs);
    case 'stopping':
      return createNeutral('its container is stopping', imageId, lateAtMs);
    case undefined:
      return createNeutral('the heartbeat says no status that is known', imageId, lateAtMs);
  }
}

/** A container that starts does not fail, unless a container of the same image has just crashed. */
function decideWhileStarting(
  input: FeatureConditionInput,
  imageId: string,
  lateAtMs: number | undefined,
): FeatureCondition {
  const crash = input.lastEnd?.imageId === imageId ? findCrash(input) : undefined;
  if (crash === undefined) return createNeutral('its container is starting', imageId, lateAtMs);
  return { ...crash, requeueAtMs: findEarliest([crash.requeueAtMs, lateAtMs]) };
}

/**
 * The condition of a crash that still counts: it is recent, no later start was healthy, and no other version waits to take
 * its place. Undefined if there is none.
 */
function findCrash(input: FeatureConditionInput): FeatureCondition | undefined {
  const { lastEnd, beat, now, unit } = input;
  if (lastEnd === undefined || lastEnd.wasPlanned || lastEnd.imageId === '') return undefined;
  if (hasSuccessor(input, lastEnd)) return undefined;
  // A later start was healthy or was asked to stop. How that one ended, the engine has not reported yet.
  const isOfLaterStart = beat.token !== lastEnd.token && (beat.beatMs ?? 0) > lastEnd.atMs;
  if (isOfLaterStart && beat.status !== 'starting' && beat.status !== 'unhealthy') return undefined;
  // When systemd has given up, the gate holds the next container, so the feature can't recover by itself.
  const overAtMs = unit === 'failed' ? undefined : lastEnd.atMs + CRASH_WINDOW_MS;
  if (overAtMs !== undefined && now.bootMs >= overAtMs) return undefined;
  const text = `image ${shortImageId(lastEnd.imageId)} crashed and is not well since: ${toOneLine(lastEnd.text, MAX_REASON_LENGTH)}`;
  return createFailing(lastEnd.imageId, 'crash-looping', text, overAtMs);
}

const isAsking = ({ remoteState }: FeatureStatus): boolean => ['pending', 'ready'].includes(remoteState);

/** Another version asks to run. The block of a version that was fallen back from holds it, so that one does not count. */
const hasSuccessor = ({ status, isAskerBlocked }: FeatureConditionInput, { version }: LastEnd): boolean =>
  isAsking(status) && !isAskerBlocked && status.containerVersion !== version;

/** When the holder's own heartbeat becomes overdue, boot clock; undefined if it is already, or if there is none. */
function findOverdueAtMs({ beat, status, now }: FeatureConditionInput): number | undefined {
  const { token, beatMs, intervalMs } = beat;
  if (token !== status.claimToken || beatMs === undefined) return undefined;
  const timing = { beatMs, intervalMs };
  return isFromFuture(timing, now) || isOverdue(timing, now) ? undefined : overdueAtMs(timing);
}
