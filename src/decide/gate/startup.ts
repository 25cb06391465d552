/**
 * May this container's application start? The table of contract.md, section 3, for owner kube (HLD, "Kubernetes
 * cluster unreachable impacts"; SONiC: container_startup.py). Owner local is not asked: it always goes.
 */
import type { BootTime } from '../../contract/timestamps.ts';
import { isDisabled, type FeatureConfig, type FeatureStatus } from '../../contract/feature/feature.ts';
import {
  localVersionLabel,
  versionEnabledLabel,
  type NodeLabels,
} from '../../contract/cluster/feature-labels.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import type { HoldReason } from '../../contract/gate/hold.ts';
import { findLiveHolder, identityOf, isSelf, type Holder, type Self } from './live-holder.ts';
import { compareVersions } from './version-order.ts';

export interface Candidate extends Self {
  readonly feature: string;
  readonly version: string;
}

/** Everything the decision rests on, read in one step. */
export interface StartupSnapshot {
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly labels: NodeLabels;
  readonly heartbeat: Heartbeat;
}

/** How far this gate has come; starts as `new`, and goes from each decision into the next. */
export type Progress =
  | { readonly kind: 'new' }
  | (WaitBegin & {
      readonly kind: 'waiting';
      /** Our version has been written: only since then can another's be written over it. */
      readonly isAnnounced: boolean;
      /** Boot clock; since when another's `ready` has been lying there. */
      readonly foreignReadySinceMs: number | undefined;
    })
  | (WaitBegin & { readonly kind: 'superseded'; readonly sinceMs: number });

/** Who held the feature when the wait began. */
interface WaitBegin {
  readonly holderAtStart: string;
  readonly holderVersionAtStart: string;
}

export type Verdict =
  | { readonly kind: 'go' }
  | {
      readonly kind: 'wait';
      /** What to write: nothing, our version, or our version and a `pending` that asks the host. */
      readonly announce: 'nothing' | 'version' | 'pending';
      readonly text: string;
    }
  | { readonly kind: 'hold'; readonly reason: HoldReason; readonly text: string };

export interface StartupDecision {
  readonly verdict: Verdict;
  readonly progress: Progress;
  /** Boot clock: when time alone may change the verdict. */
  readonly requeueAtMs: number | undefined;
  /** Said once for people; changes no verdict. */
  readonly note: string | undefined;
}

/** States of `remote_state` that nobody waits on: `pending` may replace them (D6: empty is one of them). */
const REPLACEABLE = new Set(['', 'none', 'running', 'stopped']);
/** A `ready` for another container is left to it this long; it claims within milliseconds if it is alive. */
const FOREIGN_READY_GRACE_MS = 500;
/** While another one runs nobody can go anyway: many that wait must not wake the host in turns. */
const FOREIGN_READY_GRACE_BESIDE_HOLDER_MS = 10_000;
/** The shipped kit writes its version a moment before its `pending`: until then nobody seems to be asking. */
const ANNOUNCEMENT_MS = 500;
/** Another container announced itself over us and never claimed: after this it is our turn again. */
const SUPERSEDED_WITHOUT_CLAIM_MS = 180_000;

export function decideStartup(
  snapshot: StartupSnapshot,
  self: Candidate,
  progress: Progress,
  now: BootTime,
): StartupDecision {
  const holder = findLiveHolder(snapshot.status, snapshot.heartbeat, now);
  const other = holder !== undefined && !isSelf(holder, self) ? holder : undefined;
  const input: GateInput = { ...snapshot, self, holder, other, now };
  const unwanted = findUnwanted(input);
  const next = { requeueAtMs: other?.liveUntilMs, note: noteOnVersions(input) };
  // The wait begins anew after a hold: what happened meanwhile is not held against this container.
  if (unwanted !== undefined) {
    return { verdict: { kind: 'hold', ...unwanted }, progress: { kind: 'new' }, ...next };
  }
  const superseded = findSuperseded(input, progress);
  if (superseded !== undefined) return { ...next, ...superseded };
  return { ...next, ...decideHandshake(input, progress.kind === 'waiting' ? progress : beginWait(other)) };
}

interface GateInput extends StartupSnapshot {
  readonly self: Candidate;
  readonly now: BootTime;
  readonly holder: Holder | undefined;
  /** The live holder, if it is not this container. */
  readonly other: Holder | undefined;
}

type Unwanted = { readonly reason: HoldReason; readonly text: string };

/** Rows 1 to 6: the deployment itself is unwanted. */
function findUnwanted(input: GateInput): Unwanted | undefined {
  const { config, status, self } = input;
  const { feature, version } = self;
  if (config.setOwner !== 'kube') {
    return {
      reason: 'owner-is-local',
      text: `CONFIG_DB FEATURE|${feature} set_owner is "${config.setOwner}": the switch runs its own image. To run this one: config feature owner ${feature} kube`,
    };
  }
  if (isDisabled(config)) {
    return {
      reason: 'feature-disabled',
      text: `CONFIG_DB FEATURE|${feature} state is "${config.state}". To run it: config feature state ${feature} enabled`,
    };
  }
  if (status.systemState !== 'up') {
    return {
      reason: 'system-not-up',
      text: `STATE_DB FEATURE|${feature} system_state is "${status.systemState}": the host has not started the feature. To start it: systemctl start ${feature}`,
    };
  }
  return findUnwantedVersion(input, version);
}

function findUnwantedVersion(input: GateInput, version: string): Unwanted | undefined {
  const { labels, config, other } = input;
  const { feature } = input.self;
  if (labels.isVersionBlocked) {
    return {
      reason: 'version-blocked',
      text: `STATE_DB KUBE_LABELS|SET ${versionEnabledLabel(feature, version)} is "false": version ${version} is blocked on this switch. To lift it: ctrkit unblock ${feature} ${version}, or set that field to true`,
    };
  }
  const isLocalVersion =
    labels.localVersion !== '' && labels.localVersion.toLowerCase() === version.toLowerCase();
  // Without a local container, and no way to get one, holding this one would leave nobody to run the feature.
  const nobodyElse = config.noFallbackToLocal && other?.owner !== 'local';
  if (isLocalVersion && !nobodyElse) {
    return {
      reason: 'version-is-local',
      text: `STATE_DB KUBE_LABELS|SET ${localVersionLabel(feature)} is "${labels.localVersion}": the switch's own image already has this version. Deploy a higher one`,
    };
  }
  if (other !== undefined && compareVersions(other.version, version) === 'higher') {
    return {
      reason: 'higher-version-running',
      text: `container ${other.dockerId} runs version ${other.version}, higher than this one's ${version}. It goes on when that one has stopped`,
    };
  }
  return undefined;
}

function noteOnVersions({ other, self }: GateInput): string | undefined {
  if (other === undefined || compareVersions(other.version, self.version) !== 'not-comparable')
    return undefined;
  return `version ${self.version} can't be compared with ${other.version}, which runs in ${other.dockerId}: nothing is held for it`;
}

type Step = Pick<StartupDecision, 'verdict' | 'progress'> & Partial<StartupDecision>;

/** Row 10, and whether what it found still stands. */
function findSuperseded(input: GateInput, progress: Progress): Step | undefined {
  const { status, other, self, now } = input;
  if (progress.kind === 'new') return undefined;
  const isAnnounced = progress.kind === 'superseded' || progress.isAnnounced;
  const overwritten =
    isAnnounced && status.containerVersion !== '' && status.containerVersion !== self.version;
  const sinceMs = progress.kind === 'superseded' ? progress.sinceMs : now.bootMs;
  const { holderAtStart, holderVersionAtStart } = progress;
  const hold = (by: string, requeueAtMs: number | undefined): Step => ({
    verdict: { kind: 'hold', reason: 'superseded', text: `${by}. It goes on when that one has stopped` },
    progress: { kind: 'superseded', sinceMs, holderAtStart, holderVersionAtStart },
    requeueAtMs,
  });

  if (hasClaimedSince(other, holderAtStart)) {
    const who = `container ${other?.dockerId ?? ''}, version ${other?.version ?? ''}`;
    return hold(`${who}, was let in first`, other?.liveUntilMs);
  }
  // The holder we are to replace may have recorded itself again, in a database that came back empty.
  const isOldHolders = status.containerVersion === holderVersionAtStart;
  const turnAtMs = sinceMs + (isReplaceable(status) ? ANNOUNCEMENT_MS : SUPERSEDED_WITHOUT_CLAIM_MS);
  const isOver = progress.kind === 'superseded' && now.bootMs >= turnAtMs;
  if (!overwritten || isOldHolders || isOver) return undefined;
  return hold(`another container, version ${status.containerVersion}, asked to run after this one`, turnAtMs);
}

const hasClaimedSince = (other: Holder | undefined, holderAtStart: string): boolean =>
  other !== undefined && identityOf(other) !== holderAtStart;

const isReplaceable = (status: FeatureStatus): boolean => REPLACEABLE.has(status.remoteState);

type Waiting = Extract<Progress, { kind: 'waiting' }>;

const beginWait = (other: Holder | undefined): Waiting => ({
  kind: 'waiting',
  holderAtStart: identityOf(other),
  holderVersionAtStart: other?.version ?? '',
  isAnnounced: false,
  foreignReadySinceMs: undefined,
});

/** Rows 7 to 9: ask the host, and go on its answer. */
function decideHandshake(input: GateInput, waiting: Waiting): Step {
  const { status, other, self, now } = input;
  // The claim was made, and its confirmation lost on the way here.
  if (input.holder?.token === self.token) return { verdict: { kind: 'go' }, progress: waiting };
  const isAnnounced = status.containerVersion === self.version;
  const wait = (announce: 'nothing' | 'version' | 'pending', text: string): Step => ({
    verdict: { kind: 'wait', announce, text },
    progress: {
      ...waiting,
      isAnnounced: waiting.isAnnounced || isAnnounced || announce !== 'nothing',
      foreignReadySinceMs: undefined,
    },
  });
  if (status.remoteState !== 'ready') {
    const announce = isReplaceable(status) ? 'pending' : isAnnounced ? 'nothing' : 'version';
    return wait(announce, `waiting for the host's answer: STATE_DB FEATURE|${self.feature} remote_state`);
  }
  if (status.pendingToken === '' || status.pendingToken === self.token) {
    if (other === undefined) return { verdict: { kind: 'go' }, progress: waiting };
    return wait('nothing', `the host is ready; waiting for container ${other.dockerId} to stop`);
  }
  const sinceMs = waiting.foreignReadySinceMs ?? now.bootMs;
  const graceMs = other === undefined ? FOREIGN_READY_GRACE_MS : FOREIGN_READY_GRACE_BESIDE_HOLDER_MS;
  const graceOverAtMs = sinceMs + graceMs;
  if (now.bootMs >= graceOverAtMs)
    return wait('pending', "the host's answer was for another container: asking again");
  return {
    verdict: { kind: 'wait', announce: 'nothing', text: "the host's answer is for another container" },
    progress: { ...waiting, isAnnounced: waiting.isAnnounced || isAnnounced, foreignReadySinceMs: sinceMs },
    requeueAtMs: Math.min(graceOverAtMs, other?.liveUntilMs ?? Infinity),
  };
}
