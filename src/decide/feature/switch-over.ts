/**
 * Whether a service has to be restarted so that its other owner takes over (contract.md, section 14, "Switching"; HLD,
 * "Proposed behavior at high level"; sonic.md, "State machine as shipped").
 */
import type { BootTime } from '../../contract/timestamps.ts';
import {
  isDisabled,
  isEnabled,
  isOwner,
  type FeatureConfig,
  type FeatureStatus,
} from '../../contract/feature/feature.ts';
import type { UnitState } from '../../contract/feature/unit-state.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import { findLiveHolder } from '../gate/live-holder.ts';
import type { HolderContainer } from './feature-condition.ts';
import type { ObservedFields } from './feature-reading.ts';

interface ObstacleInput {
  readonly feature: string;
  readonly config: FeatureConfig;
  /** A warm or fast reboot is under way. */
  readonly isRebooting: boolean;
  readonly isEngineAway: boolean;
}

export interface EnabledLabelInput extends ObstacleInput {
  readonly systemState: string;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
}

export interface SwitchOverInput extends ObstacleInput {
  readonly status: FeatureStatus;
  readonly beat: Heartbeat;
  readonly now: BootTime;
  /** Undefined if the engine does not know it. */
  readonly container: HolderContainer | undefined;
  /** Undefined while no row says. */
  readonly isMasterConnected: boolean | undefined;
  /** Undefined if systemd was not asked. */
  readonly unit: UnitState | undefined;
  /** `container_version`, that of the container which asked last, has an open fallback. */
  readonly isAskerBlocked: boolean;
  /** The values of the previous reconcile; undefined for the first. */
  readonly lastObserved: ObservedFields | undefined;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
}

/** The names of sonic.md's edges, and `failed-unit`: systemd has given up starting it. */
export type SwitchEdge =
  'kube-to-local' | 'local-to-kube' | 'kube-to-kube' | 'start-kube' | 'back-to-local' | 'failed-unit';

export type SwitchOverDecision =
  | { readonly kind: 'none'; readonly text: string }
  | {
      readonly kind: 'restart';
      readonly edge: SwitchEdge;
      /** Differs between any two occasions of a restart: each is logged once. */
      readonly key: string;
      readonly text: string;
    };

export function decideSwitchOver(input: SwitchOverInput): SwitchOverDecision {
  const obstacle = findObstacle(input);
  if (obstacle !== undefined) return createNone(obstacle);
  const found =
    findFailedUnit(input) ??
    (input.config.setOwner === 'kube' ? findEdgeOfKube(input) : findEdgeOfLocal(input));
  if (found.kind === 'none' || input.lockText === undefined) return found;
  return createNone(`${found.text}, but ${input.lockText}`);
}

/** What the node's label `<f>_enabled`, which lets Kubernetes deploy, has to say; undefined where it is left as it is. */
export function decideEnabledLabel(input: EnabledLabelInput): 'true' | 'false' | undefined {
  const { lockText, systemState, config } = input;
  if (lockText !== undefined || findObstacle(input) !== undefined || systemState !== 'up') return undefined;
  return config.setOwner === 'kube' ? 'true' : 'false';
}

function findObstacle({ feature, config, isRebooting, isEngineAway }: ObstacleInput): string | undefined {
  // Redis itself runs in that container.
  if (feature === 'database') return 'the database is never switched';
  // `config reload` empties the table for a moment, and a missing row reads like owner local.
  if (config.state === '' && config.setOwner !== 'kube') return 'CONFIG_DB has no row of the feature';
  if (isDisabled(config)) return `the feature is ${config.state}`;
  if (isRebooting) return 'a warm or fast reboot is under way';
  if (isEngineAway) return 'the container engine does not answer';
  return undefined;
}

/** systemd never starts such a unit again. While it is down the gate of a pod is held. */
function findFailedUnit(input: SwitchOverInput): SwitchOverDecision | undefined {
  const { config, status, unit } = input;
  const isWanted = config.setOwner === 'kube' || isEnabled(config);
  if (unit !== 'failed' || status.systemState === 'up' || !isWanted) return undefined;
  return createRestart(input, 'failed-unit', 'it has failed so often that systemd has given up starting it');
}

function findEdgeOfLocal(input: SwitchOverInput): SwitchOverDecision {
  const { status, lastObserved } = input;
  if (status.systemState !== 'up') return createNone('the service is not started');
  if (status.currentOwner === 'kube')
    return createRestart(input, 'kube-to-local', 'set_owner is local, and Kubernetes runs it');
  if (status.currentOwner === 'local') return createNone('the local image runs, as set_owner has it');
  // Nobody runs the feature. Every stop leaves that, and the unit starts by itself. But a service that was started for
  // Kubernetes waits for Kubernetes, which its remote_state shows: a start for local writes another one.
  const isWaiting = ['pending', 'ready'].includes(status.remoteState) || lastObserved?.setOwner === 'kube';
  if (!isWaiting) return createNone('nobody runs it: its own service starts it');
  return createRestart(input, 'kube-to-local', 'set_owner is local, and the service waits for Kubernetes');
}

function findEdgeOfKube(input: SwitchOverInput): SwitchOverDecision {
  const { config, status, lastObserved, unit } = input;
  const { currentOwner, remoteState } = status;
  const isNobody = !isOwner(currentOwner);
  if (status.systemState !== 'up') {
    // An operator's stop leaves the same rows: only systemd knows that it is about to start the service.
    if (isNobody && remoteState === 'stopped' && unit === 'restarting')
      return createRestart(input, 'start-kube', 'the deployment before it has ended, and systemd would wait');
    return createNone('the service is not started');
  }
  if (lastObserved?.remoteState === 'stopped' && remoteState === 'none' && currentOwner !== 'local')
    return config.noFallbackToLocal
      ? createNone('no_fallback_to_local is true: a restart would not start the local image')
      : createRestart(input, 'back-to-local', 'Kubernetes was given up on');
  if (remoteState !== 'pending') return createNone('no container asks to take over');
  // Its gate asked before the block was written again, and holds it by now.
  if (input.isAskerBlocked) return createNone('the container that asks to take over is of a blocked version');
  if (isNobody) return createNone('nobody runs it: the service itself lets the container start');
  return findTakeOver(input);
}

/** A holder is on record, and a container of Kubernetes asks to take over. */
function findTakeOver(input: SwitchOverInput): SwitchOverDecision {
  const { config, status, beat, now, container, isMasterConnected } = input;
  const isGone =
    container?.isRunning === false ||
    (container === undefined && findLiveHolder(status, beat, now) === undefined);
  if (isGone) return createNone('who ran it has ended: the service starts anew by itself');
  if (status.currentOwner === 'kube')
    return createRestart(input, 'kube-to-kube', 'another container of Kubernetes asks to take over');
  // `container start` would start the local image again, and so on for ever.
  if (isMasterConnected !== true && !config.noFallbackToLocal)
    return createNone('the master is out of reach, so the local container stays');
  return createRestart(input, 'local-to-kube', 'a container of Kubernetes asks to take over from local');
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
