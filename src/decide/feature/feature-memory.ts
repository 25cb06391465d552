/**
 * What ctrkitd remembers of a feature from one reconcile to the next, and from one daemon to the next of the same boot. What
 * no daemon has seen counts against no image.
 */
import { matchesIdOrName } from '../../contract/images/engine.ts';
import { isDisabled, isEnabled, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { FieldValues } from '../../contract/rows.ts';
import type { HeartbeatChain } from '../images/heartbeat-chain.ts';
import type { LastEnd } from './feature-condition.ts';
import type { FeatureInput } from './feature-input.ts';
import type { FeatureReading, ObservedFields } from './feature-reading.ts';
import type { LeakyBucket } from './leaky-bucket.ts';
import { RECORD_FIELDS } from './reap.ts';
import type { HostStep } from './host-step.ts';
import { recordRestart, type RestartHistory } from './restart-history.ts';
import { classifyEnd, findEndedHolder, trackHolder, type SeenHolder } from './seen-holder.ts';

/** Times are on the boot clock, milliseconds. */
export interface FeatureMemory {
  readonly heartbeatChain: HeartbeatChain | undefined;
  readonly bucket: LeakyBucket | undefined;
  readonly holder: SeenHolder | undefined;
  readonly lastEnd: LastEnd | undefined;
  /** The values of the last reconcile; undefined before the first. */
  readonly observed: ObservedFields | undefined;
  /** `set_owner` has changed since the node's label was written. */
  readonly isLabelDue: boolean;
  /** Counts for a fallback that blames no image, too. */
  readonly lastFallbackMs: number | undefined;
  readonly restarts: RestartHistory;
  /** Since when a warm or fast reboot has been announced; undefined while none is. */
  readonly rebootSinceMs: number | undefined;
  /** The record as it was read last, and since when it has been the same. */
  readonly record: RecordMemory | undefined;
}

export interface RecordMemory {
  readonly fingerprint: string;
  readonly sinceMs: number;
}

export const NO_MEMORY: FeatureMemory = {
  heartbeatChain: undefined,
  bucket: undefined,
  holder: undefined,
  lastEnd: undefined,
  observed: undefined,
  isLabelDue: false,
  lastFallbackMs: undefined,
  restarts: [],
  rebootSinceMs: undefined,
  record: undefined,
};

/** The memory after a time that no daemon watched: the account stays as it is over it. */
export const resumeMemory = (memory: FeatureMemory): FeatureMemory =>
  memory.bucket === undefined ? memory : { ...memory, bucket: { ...memory.bucket, flow: 'holds' } };

/**
 * The memory after this reading, but for what is decided by it. `imageId` is that of the recorded container, undefined if
 * it is not known.
 */
export function trackFeature(
  last: FeatureMemory,
  { reading, ends, now }: Pick<FeatureInput, 'reading' | 'ends' | 'now'>,
  imageId: string | undefined,
): FeatureMemory {
  const { status } = reading;
  const holder = trackHolder(last.holder, reading, imageId);
  const end =
    holder && ends.findLast(({ containerId: id }) => matchesIdOrName({ id, names: [] }, holder.dockerId));
  const ended = end && findEndedHolder(last.holder, holder, { end, status });
  return {
    ...last,
    holder,
    lastEnd:
      end === undefined || ended === undefined
        ? forgetEnd(last.lastEnd, status)
        : classifyEnd(end, ended, reading),
    record: trackRecord(last.record, reading.statusValues, now.bootMs),
    observed: trackObserved(last.observed, reading),
    isLabelDue: isLabelDue(last, reading),
  };
}

/** A container of the shipped kit that runs since says nothing of its health, so nothing is known of what has come since. */
const forgetEnd = (lastEnd: LastEnd | undefined, { currentOwner, claimToken }: FeatureStatus) =>
  currentOwner === 'kube' && claimToken === '' ? undefined : lastEnd;

/** The record with the time since which it has been the same: `nowMs` if one of its fields has changed. */
export function trackRecord(
  last: RecordMemory | undefined,
  statusValues: FieldValues,
  nowMs: number,
): RecordMemory {
  const fingerprint = JSON.stringify(RECORD_FIELDS.map((field) => statusValues[field] ?? ''));
  return last?.fingerprint === fingerprint ? last : { fingerprint, sinceMs: nowMs };
}

function trackObserved(last: ObservedFields | undefined, { config, status }: FeatureReading): ObservedFields {
  const { setOwner } = config;
  return {
    // `config reload` empties the table for a moment: that is no change of the owner.
    setOwner: config.state === '' ? (last?.setOwner ?? setOwner) : setOwner,
    remoteState: status.remoteState,
  };
}

/**
 * True from a change of `set_owner`, also one before the daemon's start, until the label says so. A label that an operator
 * sets by hand stays, because only a change of the owner makes it due.
 */
function isLabelDue(
  { observed, isLabelDue: wasDue }: FeatureMemory,
  { config, enabledLabel, labelOwner }: FeatureReading,
): boolean {
  const lastOwner = observed?.setOwner ?? (labelOwner || config.setOwner);
  const hasChanged = config.state !== '' && lastOwner !== config.setOwner;
  // No label at all keeps Kubernetes out, as false does.
  return (wasDue || hasChanged) && (enabledLabel || 'false') !== String(config.setOwner === 'kube');
}

/** The memory after a step was started: a restart that takes long, or fails, counts too. */
export function recordStepStart(memory: FeatureMemory, step: HostStep, nowMs: number): FeatureMemory {
  switch (step.kind) {
    case 'restart':
      return { ...memory, restarts: recordRestart(memory.restarts, { edge: step.edge, atMs: nowMs }) };
    case 'fall-back': {
      // It writes `none` and restarts the service, so the edge back to local that the next reconcile sees is done already.
      const restarts = recordRestart(memory.restarts, { edge: 'back-to-local', atMs: nowMs });
      return { ...memory, restarts };
    }
    default:
      return memory;
  }
}

/** The memory after a fallback. One that did nothing, because something came in between, needs no cool-down. */
export const recordFallbackRun = (memory: FeatureMemory, nowMs: number): FeatureMemory => ({
  ...memory,
  lastFallbackMs: nowMs,
});

/**
 * Whether systemd has to be asked: its answer matters only while a service that is to run is down. One that was never started
 * in this boot is not asked for.
 */
export const isUnitStateNeeded = (
  { config, status }: Pick<FeatureReading, 'config' | 'status'>,
  { lastEnd }: FeatureMemory,
): boolean => {
  const isWanted = config.setOwner === 'kube' ? !isDisabled(config) : isEnabled(config);
  return (
    isWanted && (status.systemState === 'down' || (status.systemState !== 'up' && lastEnd !== undefined))
  );
};
