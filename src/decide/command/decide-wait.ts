/**
 * What `container wait` does next (contract.md, section 14; sonic.md, "Host wait"; HLD, "Proposed behavior at high
 * level").
 */
import { startUnitCommand, unblockVersionCommand } from '../../text/operator-commands.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import { listRecordedContainers, type HostSnapshot } from './host-snapshot.ts';
import { findLiveHolder } from '../gate/live-holder.ts';

export interface WaitLimits {
  readonly name: string;
  /** How long Kubernetes may take until the switch's own container is to run instead, milliseconds. */
  readonly revertToLocalMs: number;
}

/** What a wait remembers from one decision to the next. All times are on the boot clock. */
export type WaitProgress =
  /** Waiting for somebody to run the feature, since `sinceMs`, the start of the command. */
  | {
      readonly kind: 'waiting';
      readonly sinceMs: number;
      /** Since when remote_state has been `ready`; undefined if it is not. */
      readonly readySinceMs?: number | undefined;
    }
  /** The engine does not know the container that runs it: its record alone shows when it ends. */
  | { readonly kind: 'following'; readonly sinceMs: number; readonly runner: string };

/** How a wait ends; `isWell` is false where the service manager has to see a failure. */
export interface WaitEnd {
  readonly kind: 'end';
  readonly isWell: boolean;
  readonly text: string;
}

export type WaitStep =
  /** Find the first of these names and ids that the engine knows, and wait for the end of that container. */
  | { readonly kind: 'ask-engine'; readonly ids: readonly string[] }
  /** A container asks to run: answer `ready`. */
  | { readonly kind: 'answer' }
  /** Kubernetes was too slow: make the next start a local one, and end. */
  | { readonly kind: 'give-up'; readonly text: string }
  /** Decide again when a row changes, or at `requeueAtMs` on the boot clock, when time alone may have changed the step. */
  | { readonly kind: 'sleep'; readonly requeueAtMs: number | undefined; readonly text: string }
  | WaitEnd;

export interface WaitDecision {
  readonly step: WaitStep;
  readonly progress: WaitProgress;
}

interface WaitInput extends Pick<HostSnapshot, 'config' | 'status' | 'heartbeat'> {
  /** The version of the container that asks is blocked on this switch: it gets no answer. */
  readonly isAskerBlocked?: boolean;
}

/** What a wait does next, by what the databases say now. */
export function decideWait(
  snapshot: WaitInput,
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
  if (runner !== undefined && (ids.length === 0 || !hasRecordedHolder(snapshot.status)))
    return decideFollowing(snapshot, { kind: 'following', sinceMs: progress.sinceMs, runner }, runner, now);
  return { step: { kind: 'ask-engine', ids }, progress };
}

/**
 * Tells the container on record from every other one; undefined if none runs the feature. A shipped gate under cgroup v2
 * finds no id and records none (D4), and the host's row of an ASIC's container has `running` alone (D28): then a container
 * runs, but has no id.
 */
function identifyRunner(status: FeatureStatus): string | undefined {
  if (hasRecordedHolder(status)) return `${status.dockerId}/${status.claimToken}`;
  return status.remoteState === 'running' ? 'a container without an id' : undefined;
}

type Waiting = Extract<WaitProgress, { kind: 'waiting' }>;

/** A gate claims within milliseconds of its `ready`, the shipped one within 2 s: after this time it is gone. */
const CLAIM_WITHIN_MS = 30_000;

/** Nobody runs the feature, and Kubernetes is wanted. */
function decideAwaiting(
  { config, status, isAskerBlocked = false }: WaitInput,
  { sinceMs, readySinceMs }: Waiting,
  { name, revertToLocalMs }: WaitLimits,
  now: BootTime,
): WaitStep {
  if (status.remoteState === 'pending' && !isAskerBlocked) return { kind: 'answer' };
  const row = `STATE_DB FEATURE|${name} remote_state is "${status.remoteState}"`;
  const text = isAskerBlocked
    ? `version ${status.containerVersion} asks to run, and is blocked on this switch. To lift it: ${unblockVersionCommand(name, status.containerVersion)}`
    : `waiting for Kubernetes to run it; ${row}`;
  if (config.noFallbackToLocal) return { kind: 'sleep', requeueAtMs: undefined, text };
  // The container that asked is gone, and its `ready` stays: to wait the whole time for it would be in vain.
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

/** `runner` is the container on record now. */
function decideFollowing(
  { status, heartbeat }: WaitInput,
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
  const holder = hasRecordedHolder(status) ? findLiveHolder(status, heartbeat, now) : undefined;
  if (hasRecordedHolder(status) && holder === undefined)
    return end(false, `${who} is on record, but gives no sign of life any more`);
  const text = `the engine does not know ${who}: waiting until its record is cleared or its heartbeat stays away`;
  return { step: { kind: 'sleep', requeueAtMs: holder?.liveUntilMs, text }, progress };
}

/** How a container ended, as far as the engine knows. */
export interface ContainerExit {
  /** Undefined where the engine does not know the container any more. */
  readonly exitCode: number | undefined;
  /** The engine reported an out-of-memory kill in it. For people only: no decision uses it. */
  readonly hadOomKill: boolean;
}

/** A container as the engine found it. */
export interface SeenContainer extends ContainerExit {
  readonly id: string;
  readonly state: string;
}

/** What to do about the container that the engine was asked for. */
export type SeenStep =
  | { readonly kind: 'wait'; readonly id: string }
  | { readonly kind: 'follow'; readonly progress: WaitProgress }
  | ({ readonly kind: 'ended' } & ContainerExit)
  | WaitEnd;

/** After the step `ask-engine`. `seen` is the container that the engine found, undefined for none. */
export function decideSeen(
  seen: SeenContainer | undefined,
  status: FeatureStatus,
  progress: WaitProgress,
  name: string,
): SeenStep {
  if (seen === undefined) {
    const runner = identifyRunner(status);
    // `container start` recorded it by the engine's word, and it has not claimed since: the engine would know it.
    const isEnginesOwn = status.currentOwner === 'local' && status.claimToken === '';
    if (runner !== undefined && !isEnginesOwn)
      return { kind: 'follow', progress: { kind: 'following', sinceMs: progress.sinceMs, runner } };
    return {
      kind: 'end',
      isWell: false,
      text: `nothing runs, and the engine has no container "${name}". To make and start one: ${startUnitCommand(name)}`,
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

/** 128 + SIGKILL. */
const KILLED = 137;

/**
 * A container that was to end has not failed, whatever its exit code: a stop may take a SIGKILL. Nor has one that was killed
 * meanwhile: the reboot scripts kill before they stop the service, and a service that restarts does so after either end. What
 * nobody knows is no failure.
 */
export function decideEnd(
  { exitCode, hadOomKill }: ContainerExit,
  { systemState }: Pick<FeatureStatus, 'systemState'>,
): WaitEnd {
  const end = (isWell: boolean, text: string): WaitEnd => ({ kind: 'end', isWell, text });
  const memory = hadOomKill ? ', after an out-of-memory kill' : '';
  const code = exitCode === undefined ? 'it is gone' : `it ended with ${exitCode}${memory}`;
  if (exitCode === 0) return end(true, code);
  if (systemState === 'down') return end(true, `${code}, as it was stopped`);
  if (exitCode === undefined) return end(true, `${code}, and nobody knows how it ended`);
  if (exitCode !== KILLED) return end(false, code);
  return end(true, `${code}: it was killed, which does not fail the service; its Restart= says what follows`);
}
