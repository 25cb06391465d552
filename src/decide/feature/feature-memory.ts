/** What the host side remembers of a feature from one look to the next. In memory only: what nobody saw counts for nobody. */
import { isDisabled } from '../../contract/feature/feature.ts';
import type { Evidence } from '../images/certification.ts';
import type { LeakyBucket } from './leaky-bucket.ts';
import type { FeatureReading } from './feature-reading.ts';
import type { LastEnd } from './feature-condition.ts';
import type { RestartHistory } from './switch-over.ts';
import { RECORD_FIELDS } from './reap.ts';

/** The container that was last seen to run the feature for Kubernetes. */
export interface SeenHolder {
  readonly dockerId: string;
  readonly token: string;
  readonly imageId: string;
  readonly version: string;
  /** What its last heartbeat said before it said that it is stopping. */
  readonly wasUnhealthy: boolean;
  readonly isStopping: boolean;
  readonly restarts: number;
  /** As of its last heartbeat that said it was well: what was mended by then has not ended it. */
  readonly restartsWhenWell: number;
}

/** The end of a container, as the engine told of it. */
export interface ContainerEnd {
  readonly containerId: string;
  readonly exitCode: number;
  /** The engine reported an out-of-memory kill in it: told, and used for nothing. */
  readonly hadOomKill: boolean;
  /** Boot clock. */
  readonly atMs: number;
}

export interface FeatureMemory {
  readonly evidence: Evidence | undefined;
  readonly failing: LeakyBucket | undefined;
  readonly holder: SeenHolder | undefined;
  readonly lastEnd: LastEnd | undefined;
  readonly before: { readonly setOwner: string; readonly remoteState: string } | undefined;
  /** The owner has changed since the node's label was written. */
  readonly isLabelDue: boolean;
  /** Boot clock; of a fallback that blames no image too. */
  readonly lastFallbackMs: number | undefined;
  readonly restarts: RestartHistory;
  /** Boot clock: since when a warm or fast reboot has been announced; undefined while none is. */
  readonly rebootSinceMs: number | undefined;
  /** The record as it was read last, and since when it has been so, boot clock. */
  readonly record: { readonly fingerprint: string; readonly sinceMs: number } | undefined;
}

export const NO_MEMORY: FeatureMemory = {
  evidence: undefined,
  failing: undefined,
  holder: undefined,
  lastEnd: undefined,
  before: undefined,
  isLabelDue: false,
  lastFallbackMs: undefined,
  restarts: [],
  rebootSinceMs: undefined,
  record: undefined,
};

/** `imageId` is that of the recorded container, undefined if it can't be told. The last holder stays until there is another. */
export function trackHolder(
  before: SeenHolder | undefined,
  { status, beat }: FeatureReading,
  imageId: string | undefined,
): SeenHolder | undefined {
  const isKubes = status.currentOwner === 'kube' && status.dockerId !== '';
  const known = isKubes && before?.token === status.claimToken && before.dockerId === status.dockerId;
  const current: SeenHolder | undefined =
    !isKubes || known || imageId === undefined
      ? before
      : {
          dockerId: status.dockerId,
          token: status.claimToken,
          imageId,
          version: status.containerVersion,
          wasUnhealthy: false,
          isStopping: false,
          restarts: 0,
          restartsWhenWell: 0,
        };
  if (current === undefined || current.token === '' || beat.token !== current.token) return current;
  const isStopping = beat.status === 'stopping';
  return {
    ...current,
    // `container_version` may be that of a container that waits.
    version: beat.version || current.version,
    isStopping,
    wasUnhealthy: isStopping ? current.wasUnhealthy : beat.status === 'unhealthy',
    restarts: beat.restarts ?? current.restarts,
    restartsWhenWell:
      beat.status === 'healthy' || beat.status === 'degraded'
        ? (beat.restarts ?? current.restartsWhenWell)
        : current.restartsWhenWell,
  };
}

/** systemd is asked where its answer could matter: the service is down, after a container of Kubernetes has ended. */
export const isUnitStateNeeded = ({ config, status }: FeatureReading, { lastEnd }: FeatureMemory): boolean =>
  config.setOwner === 'kube' && status.systemState !== 'up' && lastEnd !== undefined;

/** Whose end it was. The same container may have started and claimed anew between the end and this look. */
export function findEndedHolder(
  before: SeenHolder | undefined,
  holder: SeenHolder,
  { end, reading }: { readonly end: ContainerEnd; readonly reading: FeatureReading },
): SeenHolder | undefined {
  const { claimToken, claimMs } = reading.status;
  const isLaterStart = holder.token === claimToken && claimMs !== undefined && claimMs > end.atMs;
  if (!isLaterStart || holder.token === before?.token) return holder;
  return before?.dockerId === holder.dockerId ? before : undefined;
}

/**
 * Whether an end was asked for. One that said it was stopping was: by the service, by kubelet for another version, by hand.
 * Not where kubelet ends what is unhealthy, nor where the kit ends a container whose critical process has gone.
 */
export function classifyEnd(
  end: ContainerEnd,
  holder: SeenHolder,
  { status, config, isRebooting, enabledLabel }: FeatureReading,
): LastEnd {
  const { imageId, token, isStopping, wasUnhealthy, restarts, restartsWhenWell } = holder;
  const hasCrashed = restarts > restartsWhenWell;
  const isServicePlanned =
    status.systemState !== 'up' ||
    config.setOwner !== 'kube' ||
    // `container kill` takes it away before it kills, and so does whoever undeploys.
    enabledLabel === 'false' ||
    isRebooting ||
    isDisabled(config);
  const wasAsked = isStopping && !wasUnhealthy && !hasCrashed;
  const why = hasCrashed
    ? ', a critical process had ended'
    : wasUnhealthy
      ? ', it was unhealthy'
      : isStopping
        ? ''
        : ', without a word';
  return {
    imageId,
    token,
    atMs: end.atMs,
    wasPlanned: isServicePlanned || wasAsked,
    text: `exit code ${end.exitCode}${end.hadOomKill ? ', after an out-of-memory kill' : ''}${why}`,
  };
}

/** What was read is the record that was read before, or another one since now. */
export function trackRecord(
  before: FeatureMemory['record'],
  { statusValues }: FeatureReading,
  nowMs: number,
): NonNullable<FeatureMemory['record']> {
  const fingerprint = JSON.stringify(RECORD_FIELDS.map((field) => statusValues[field] ?? ''));
  return before?.fingerprint === fingerprint ? before : { fingerprint, sinceMs: nowMs };
}

/** `config warm_restart enable system` leaves the announcement standing for good: no reboot takes longer. */
const LONGEST_REBOOT_MS = 600_000;

/** The reading, with a reboot that is announced but has not come for too long taken for none. */
export function ignoreStaleReboot(
  reading: FeatureReading,
  rebootSinceMs: number | undefined,
  nowMs: number,
): FeatureReading {
  const isOver = rebootSinceMs !== undefined && nowMs - rebootSinceMs >= LONGEST_REBOOT_MS;
  return isOver ? { ...reading, isRebooting: false } : reading;
}
