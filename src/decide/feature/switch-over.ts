/**
 * When a service has to be restarted so that its other owner takes over (contract.md, section 14, "Switching"; HLD,
 * "Proposed behavior at high level"; the edges of the shipped ctrmgrd as sonic.md, "State machine as shipped", lists
 * them).
 */
import { isDisabled, isOwner } from '../../contract/feature/feature.ts';
import { decideBackoffMs, type BackoffTiming } from '../../loop/backoff.ts';
import { findLiveHolder } from '../gate/live-holder.ts';
import type { FeatureConditionInput } from './feature-condition.ts';

export interface SwitchOverInput extends Omit<FeatureConditionInput, 'lastEnd'> {
  /** `container_version`, who announced itself last, is of a version that was fallen back from. */
  readonly isAskerBlocked?: boolean;
  /** As the look before this one had it; undefined for the first. */
  readonly before: { readonly setOwner: string; readonly remoteState: string } | undefined;
}

export type SwitchEdge = 'kube-to-local' | 'local-to-kube' | 'kube-to-kube' | 'start-kube' | 'back-to-local';

export type SwitchOverDecision =
  | { readonly kind: 'none'; readonly text: string }
  | {
      readonly kind: 'restart';
      readonly edge: SwitchEdge;
      /** Tells this situation from every other: for saying it once, and for the log. */
      readonly key: string;
      readonly text: string;
    };

/** `lockText`: an operator's lock, one line; undefined if there is none. */
export function decideSwitchOver(
  snapshot: SwitchOverInput,
  lockText: string | undefined,
): SwitchOverDecision {
  const obstacle = findObstacle(snapshot);
  if (obstacle !== undefined) return createNone(obstacle);
  const found = snapshot.config.setOwner === 'kube' ? findEdgeOfKube(snapshot) : findEdgeOfLocal(snapshot);
  if (found.kind === 'none' || lockText === undefined) return found;
  return createNone(`${found.text}, but ${lockText}`);
}

/**
 * What the node's label `<feature>_enabled` should say, which lets Kubernetes deploy in the first place; undefined where
 * that is not to be touched.
 */
export function decideEnabledLabel(
  snapshot: SwitchOverInput,
  lockText: string | undefined,
): 'true' | 'false' | undefined {
  if (lockText !== undefined || findObstacle(snapshot) !== undefined) return undefined;
  if (snapshot.status.systemState !== 'up') return undefined;
  return snapshot.config.setOwner === 'kube' ? 'true' : 'false';
}

function findObstacle({ feature, config, isRebooting, isEngineAway }: SwitchOverInput): string | undefined {
  // Redis itself runs in it.
  if (feature === 'database') return 'the database is never switched';
  // `config reload` empties the table for a moment, and a row that is not there reads like owner local.
  if (config.state === '' && config.setOwner !== 'kube') return 'CONFIG_DB has no row of the feature';
  if (isDisabled(config)) return `the feature is ${config.state}`;
  if (isRebooting) return 'a warm or fast reboot is under way';
  if (isEngineAway) return 'the container engine does not answer';
  return undefined;
}

function findEdgeOfLocal(snapshot: SwitchOverInput): SwitchOverDecision {
  const { status, before } = snapshot;
  if (status.systemState !== 'up') return createNone('the service is not started');
  if (status.currentOwner === 'kube')
    return createRestart(snapshot, 'kube-to-local', 'set_owner is local, and Kubernetes runs it');
  if (status.currentOwner === 'local') return createNone('the local image runs, as set_owner has it');
  // Nobody runs it. That alone is no reason: `none` is what every stop leaves, and the unit sees to its own start. But
  // one that was started for Kubernetes waits for Kubernetes; a start for local writes another remote_state.
  const isWaiting = ['pending', 'ready'].includes(status.remoteState) || before?.setOwner === 'kube';
  if (!isWaiting) return createNone('nobody runs it: its own service starts it');
  return createRestart(snapshot, 'kube-to-local', 'set_owner is local, and the service waits for Kubernetes');
}

function findEdgeOfKube(snapshot: SwitchOverInput): SwitchOverDecision {
  const { config, status, before, unit } = snapshot;
  const { currentOwner, remoteState } = status;
  const isNobody = !isOwner(currentOwner);
  if (status.systemState !== 'up') {
    // An operator's stop leaves the same rows: only systemd tells that it is about to start the service anyway.
    if (isNobody && remoteState === 'stopped' && unit === 'restarting')
      return createRestart(
        snapshot,
        'start-kube',
        'the deployment before it has ended, and systemd would wait',
      );
    return createNone('the service is not started');
  }
  if (before?.remoteState === 'stopped' && remoteState === 'none' && currentOwner !== 'local')
    return config.noFallbackToLocal
      ? createNone('no_fallback_to_local is true: a restart would not start the local image')
      : createRestart(snapshot, 'back-to-local', 'Kubernetes was given up on');
  if (remoteState !== 'pending') return createNone('no container asks to take over');
  // Its gate has asked before the block was written again, and is held by now.
  if (snapshot.isAskerBlocked === true)
    return createNone('the container that asks to take over is of a blocked version');
  if (isNobody) return createNone('nobody runs it: the service itself lets the container start');
  return findTakeOver(snapshot);
}

/** Somebody is recorded as running, and a container of Kubernetes asks to. */
function findTakeOver(snapshot: SwitchOverInput): SwitchOverDecision {
  const { config, status, beat, now, container, isMasterConnected } = snapshot;
  const isGone =
    container?.isRunning === false ||
    (container === undefined && findLiveHolder(status, beat, now) === undefined);
  if (isGone) return createNone('who ran it has ended: the service starts anew by itself');
  if (status.currentOwner === 'kube')
    return createRestart(snapshot, 'kube-to-kube', 'another container of Kubernetes asks to take over');
  // `container start` starts the local image again then: it would go on in circles.
  if (isMasterConnected !== true && !config.noFallbackToLocal)
    return createNone('the master is out of reach, so the local container stays');
  return createRestart(snapshot, 'local-to-kube', 'a container of Kubernetes asks to take over from local');
}

function createRestart({ status }: SwitchOverInput, edge: SwitchEdge, text: string): SwitchOverDecision {
  const { currentOwner, dockerId, claimToken, remoteState } = status;
  return {
    kind: 'restart',
    edge,
    key: [edge, currentOwner, dockerId, claimToken, remoteState].join('/'),
    text,
  };
}

const createNone = (text: string): SwitchOverDecision => ({ kind: 'none', text });

/** The restarts of a feature by this daemon, the newest last; made by `noteRestart`. */
export type RestartHistory = readonly RestartEntry[];

export interface RestartEntry {
  readonly edge: SwitchEdge;
  /** Boot clock. */
  readonly atMs: number;
}

const BACKOFF: BackoffTiming = { firstMs: 30_000, longestMs: 600_000 };
/** So long without a restart, which is beyond the longest back-off, and what was before says nothing any more. */
const FORGET_AFTER_MS = 1_200_000;
/** Enough for the longest back-off. */
const LONGEST_HISTORY = 16;
/** So many restarts for other edges are an operator's changes of mind, more are a circle. */
const FREE_EDGES = 2;

/**
 * May the service be restarted now? A situation that stands after a restart, or comes back, is met again after 30 s, then
 * after double that, up to 10 min. It is told by its edge: the key changes with each start of a container, so a circle
 * would never meet the same one.
 */
export function decideRetry(
  history: RestartHistory,
  edge: SwitchEdge,
  nowMs: number,
): { readonly kind: 'now' } | { readonly kind: 'wait'; readonly untilMs: number } {
  const recent = selectRecent(history, nowMs);
  const same = recent.filter((note) => note.edge === edge).length;
  const count = Math.max(same, recent.length - FREE_EDGES);
  const last = recent.at(-1);
  if (last === undefined || count <= 0) return { kind: 'now' };
  const untilMs = last.atMs + decideBackoffMs(BACKOFF, count);
  return nowMs < untilMs ? { kind: 'wait', untilMs } : { kind: 'now' };
}

export const recordRestart = (history: RestartHistory, note: RestartEntry): RestartHistory =>
  [...selectRecent(history, note.atMs), note].slice(-LONGEST_HISTORY);

/** All of a series or nothing: one by one, a series that goes on would be forgotten while it does. */
const selectRecent = (history: RestartHistory, nowMs: number): RestartHistory =>
  nowMs - (history.at(-1)?.atMs ?? -Infinity) < FORGET_AFTER_MS ? history : [];
