/**
 * What `container wait` does next (contract.md, section 14; sonic.md, "Host wait"; HLD, "Proposed behavior at high
 * level").
 */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import { listRecordedContainers, hasHolder, type HostSnapshot } from './host-snapshot.ts';
import { findLiveHolder } from '../gate/live-holder.ts';

export interface WaitLimits {
  readonly name: string;
  /** How long Kubernetes may take until the switch's own container is to run instead, milliseconds. */
  readonly revertToLocalMs: number;
}

export type WaitProgress =
  /** Nobody runs the feature. Boot clock, since when this has been waited for; it is not begun anew. */
  | {
      readonly kind: 'waiting';
      readonly sinceMs: number;
      /** Boot clock, since when a `ready` has been lying there; undefined for none. */
      readonly readySinceMs?: number | undefined;
    }
  /** The engine does not know who runs it: the record alone tells when that ends. */
  | { readonly kind: 'following'; readonly sinceMs: number; readonly runner: string };

/** How a wait ends; `isWell` is false where a service manager has to see a failure. */
export interface WaitEnd {
  readonly kind: 'end';
  readonly isWell: boolean;
  readonly text: string;
}

export type WaitStep =
  /** Ask the engine for the first of these that it knows, and wait for that container. */
  | { readonly kind: 'ask-engine'; readonly ids: readonly string[] }
  /** A container asks to run: answer it. */
  | { readonly kind: 'answer' }
  /** Have the next start be a local one, and end. */
  | { readonly kind: 'give-up'; readonly text: string }
  /** Until a row changes; at `requeueAtMs`, boot clock, time alone may have changed the step. */
  | { readonly kind: 'sleep'; readonly requeueAtMs: number | undefined; readonly text: string }
  | WaitEnd;

export interface WaitDecision {
  readonly step: WaitStep;
  readonly progress: WaitProgress;
}

export function decideWait(
  snapshot: HostSnapshot,
  progress: WaitProgress,
  limits: WaitLimits,
  now: BootTime,
): WaitDecision {
  const runner = identifyRunner(snapshot.status);
  if (progress.kind === 'following') return decideFollowing(snapshot, progress, runner, now);
  if (runner === undefined && snapshot.config.setOwner === 'kube') {
    const isReady = snapshot.status.remoteState === 'ready';
    const waiting = {
      ...progress,
      readySinceMs: isReady ? (progress.readySinceMs ?? now.bootMs) : undefined,
    };
    return { step: decideAwaiting(snapshot, waiting, limits, now), progress: waiting };
  }
  const ids = listRecordedContainers(limits.name, snapshot.status);
  if (runner !== undefined && (ids.length === 0 || !hasHolder(snapshot.status)))
    return decideFollowing(snapshot, { kind: 'following', sinceMs: progress.sinceMs, runner }, runner, now);
  return { step: { kind: 'ask-engine', ids }, progress };
}

/**
 * Whoever runs the feature, as the record has it. A shipped gate under cgroup v2 finds no id and records none
 * (D4), and of an ASIC's container the host's row has `running` alone (D28): somebody runs it all the same.
 */
function identifyRunner(status: FeatureStatus): string | undefined {
  if (hasHolder(status)) return `${status.dockerId}/${status.claimToken}`;
  return status.remoteState === 'running' ? 'a container without an id' : undefined;
}

type Waiting = Extract<WaitProgress, { kind: 'waiting' }>;

/** A gate that is alive claims within milliseconds of its `ready`, the shipped one within its 2 s. */
const CLAIM_WITHIN_MS = 30_000;

function decideAwaiting(
  { config, status }: HostSnapshot,
  { sinceMs, readySinceMs }: Waiting,
  { name, revertToLocalMs }: WaitLimits,
  now: BootTime,
): WaitStep {
  if (status.remoteState === 'pending') return { kind: 'answer' };
  const row = `STATE_DB FEATURE|${name} remote_state is "${status.remoteState}"`;
  const text = `waiting for Kubernetes to run it; ${row}`;
  if (config.noFallbackToLocal) return { kind: 'sleep', requeueAtMs: undefined, text };
  // Who asked is gone, and took nothing back: nobody is to wait minutes for it.
  const unclaimedAtMs = readySinceMs === undefined ? Infinity : readySinceMs + CLAIM_WITHIN_MS;
  const requeueAtMs = Math.min(sinceMs + revertToLocalMs, unclaimedAtMs);
  if (now.bootMs < requeueAtMs) return { kind: 'sleep', requeueAtMs, text };
  const why =
    now.bootMs >= unclaimedAtMs
      ? `the container that asked to run has not claimed within ${CLAIM_WITHIN_MS / 1000} s`
      : `Kubernetes has not run it for ${revertToLocalMs / 1000} s; ${row}`;
  return { kind: 'give-up', text: `${why}. The next start runs the switch's own container` };
}

type Following = Extract<WaitProgress, { kind: 'following' }>;

function decideFollowing(
  { status, heartbeat }: HostSnapshot,
  progress: Following,
  runner: string | undefined,
  now: BootTime,
): WaitDecision {
  const end = (isWell: boolean, text: string): WaitDecision => ({
    step: { kind: 'end', isWell, text },
    progress,
  });
  const who = `container ${status.dockerId || 'without an id'}`;
  if (runner === undefined) return end(true, 'its record is cleared: it has stopped');
  if (runner !== progress.runner) return end(true, `${who} runs it now, another than was waited for`);
  const holder = hasHolder(status) ? findLiveHolder(status, heartbeat, now) : undefined;
  if (hasHolder(status) && holder === undefined)
    return end(false, `${who} is on record, but gives no sign of life any more`);
  const text = `the engine does not know ${who}: waiting until its record is cleared or its heartbeat stays away`;
  return { step: { kind: 'sleep', requeueAtMs: holder?.liveUntilMs, text }, progress };
}

/** How a container ended, as far as the engine knows. */
export interface ContainerExit {
  readonly exitCode: number | undefined;
  /** The engine reported an out-of-memory kill in it: told, and used for nothing. */
  readonly hadOomKill: boolean;
}

/** A container as the engine found it. */
export interface SeenContainer extends ContainerExit {
  readonly id: string;
  readonly state: string;
}

export type SeenStep =
  | { readonly kind: 'wait'; readonly id: string }
  | { readonly kind: 'follow'; readonly progress: WaitProgress }
  | ({ readonly kind: 'ended' } & ContainerExit)
  | WaitEnd;

/** What follows from the engine's answer to `ask-engine`. */
export function decideSeen(
  seen: SeenContainer | undefined,
  { status }: HostSnapshot,
  progress: WaitProgress,
  name: string,
): SeenStep {
  if (seen === undefined) {
    const runner = identifyRunner(status);
    // A local container without a claim of its own is on record by the host's word for what the engine had.
    const isEnginesOwn = status.currentOwner === 'local' && status.claimToken === '';
    if (runner !== undefined && !isEnginesOwn)
      return { kind: 'follow', progress: { kind: 'following', sinceMs: progress.sinceMs, runner } };
    return {
      kind: 'end',
      isWell: false,
      text: `nothing runs, and the engine has no container "${name}". To make and start one: systemctl start ${name}`,
    };
  }
  switch (seen.state) {
    case 'running':
    case 'paused':
    case 'restarting':
    case 'removing':
      return { kind: 'wait', id: seen.id };
    case 'created':
      return {
        kind: 'end',
        isWell: false,
        text: `it was never started. To start it: container start ${name}`,
      };
    default:
      return { kind: 'ended', exitCode: seen.exitCode, hadOomKill: seen.hadOomKill };
  }
}

/** A container that ended because it was to end has not failed, whatever its code: a stop may take a SIGKILL. */
export function decideEnd({ exitCode, hadOomKill }: ContainerExit, { status }: HostSnapshot): WaitEnd {
  const memory = hadOomKill ? ', after an out-of-memory kill' : '';
  const code = exitCode === undefined ? 'it is gone' : `it ended with ${exitCode}${memory}`;
  if (exitCode === 0) return { kind: 'end', isWell: true, text: code };
  const isWanted = status.systemState === 'down';
  return { kind: 'end', isWell: isWanted, text: isWanted ? `${code}, as it was stopped` : code };
}
