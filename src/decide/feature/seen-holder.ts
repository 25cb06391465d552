/** The container that ran a feature for Kubernetes, tracked from one reconcile to the next, and how it ended. */
import { decodeEnabledValue } from '../../contract/cluster/feature-labels.ts';
import { isDisabled, type FeatureConfig, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import type { LastEnd } from './feature-condition.ts';

/** The container that was seen last to run the feature for Kubernetes. */
export interface SeenHolder {
  readonly dockerId: string;
  readonly token: string;
  readonly imageId: string;
  readonly version: string;
  /** What the last heartbeat said before the container reported that it is stopping. */
  readonly wasUnhealthy: boolean;
  readonly isStopping: boolean;
  readonly restarts: number;
  /** The count in its last healthy heartbeat: a process that was mended by then has not ended the container. */
  readonly restartsWhenHealthy: number;
}

/** The end of a container, as the engine reported it. */
export interface ContainerEnd {
  readonly containerId: string;
  readonly exitCode: number;
  /** The engine reported an out-of-memory kill in it. For people only: nothing is decided by it. */
  readonly hadOomKill: boolean;
  /** Boot clock. */
  readonly atMs: number;
}

/** The rows that describe the holder. */
export interface HolderReading {
  readonly status: FeatureStatus;
  readonly beat: ObservedBeat;
}

/**
 * The holder after this reading. `imageId` is that of the recorded container, undefined if it is not known. The last holder
 * stays until another one is recorded.
 */
export function trackHolder(
  last: SeenHolder | undefined,
  { status, beat }: HolderReading,
  imageId: string | undefined,
): SeenHolder | undefined {
  const isKubes = status.currentOwner === 'kube' && status.dockerId !== '';
  const isKnown = isKubes && last?.token === status.claimToken && last.dockerId === status.dockerId;
  const holder = !isKubes || isKnown || imageId === undefined ? last : createHolder(status, imageId);
  if (holder === undefined || holder.token === '' || beat.token !== holder.token) return holder;
  return updateByBeat(holder, beat);
}

const createHolder = (status: FeatureStatus, imageId: string): SeenHolder => ({
  dockerId: status.dockerId,
  token: status.claimToken,
  imageId,
  version: status.containerVersion,
  wasUnhealthy: false,
  isStopping: false,
  restarts: 0,
  restartsWhenHealthy: 0,
});

function updateByBeat(holder: SeenHolder, beat: ObservedBeat): SeenHolder {
  const isStopping = beat.status === 'stopping';
  const isHealthy = beat.status === 'healthy' || beat.status === 'degraded';
  return {
    ...holder,
    // The row's `container_version` may be that of a container that waits.
    version: beat.version || holder.version,
    isStopping,
    wasUnhealthy: isStopping ? holder.wasUnhealthy : beat.status === 'unhealthy',
    restarts: beat.restarts ?? holder.restarts,
    restartsWhenHealthy: isHealthy
      ? (beat.restarts ?? holder.restartsWhenHealthy)
      : holder.restartsWhenHealthy,
  };
}

/**
 * The holder that ended. The same container may have started and claimed again between its end and this reading: then it is
 * the last holder, or undefined if that was another container.
 */
export function findEndedHolder(
  last: SeenHolder | undefined,
  holder: SeenHolder,
  { end, status }: { readonly end: ContainerEnd; readonly status: FeatureStatus },
): SeenHolder | undefined {
  const { claimToken, claimMs } = status;
  const isLaterStart = holder.token === claimToken && claimMs !== undefined && claimMs > end.atMs;
  if (!isLaterStart || holder.token === last?.token) return holder;
  return last?.dockerId === holder.dockerId ? last : undefined;
}

/** What decides whether an end was planned, as of the reconcile after it. */
export interface EndCircumstances {
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly isRebooting: boolean;
  /** `<f>_enabled`. */
  readonly enabledLabel: string;
}

/**
 * Whether an end was planned. It was if the container reported that it is stopping: the service stopped it, kubelet replaced it
 * by another version, or an operator did. It was not if the container was unhealthy, which is when kubelet ends it, nor if
 * one of its critical processes had ended, which is when the kit ends it. The end of a container of the shipped kit, which
 * says nothing, counts as planned: no image is blamed on a guess.
 */
export function classifyEnd(
  end: ContainerEnd,
  holder: SeenHolder,
  { config, status, isRebooting, enabledLabel }: EndCircumstances,
): LastEnd {
  const { imageId, token, version, isStopping, wasUnhealthy, restarts, restartsWhenHealthy } = holder;
  const hasCrashed = restarts > restartsWhenHealthy;
  const isServicePlanned =
    status.systemState !== 'up' ||
    config.setOwner !== 'kube' ||
    // `container kill` writes it before it kills, and so does whoever undeploys.
    decodeEnabledValue(enabledLabel) === false ||
    isRebooting ||
    isDisabled(config);
  const wasAsked = isStopping && !wasUnhealthy && !hasCrashed;
  // The shipped kit sends no word of a stop: kubelet may have ended it for a rollout.
  const isUntold = token === '';
  const oomText = end.hadOomKill ? ', after an out-of-memory kill' : '';
  return {
    imageId,
    token,
    version,
    atMs: end.atMs,
    wasPlanned: isServicePlanned || wasAsked || isUntold,
    text: `exit code ${end.exitCode}${oomText}${describeCause(holder, hasCrashed)}`,
  };
}

function describeCause({ wasUnhealthy, isStopping }: SeenHolder, hasCrashed: boolean): string {
  if (hasCrashed) return ', a critical process had ended';
  if (wasUnhealthy) return ', it was unhealthy';
  return isStopping ? '' : ', without a word';
}
