/** What ctrkitd has counted since its start, for its metrics. */
import type { WrittenFile } from '../../contract/metrics/host-metrics.ts';
import type { HostStep } from '../feature/host-step.ts';
import type { SwitchEdge } from '../feature/switch-over.ts';

/** Why a service was restarted. */
export type RestartEdge = SwitchEdge | 'fallback';
const EDGES: Readonly<Record<RestartEdge, true>> = {
  'kube-to-local': true,
  'local-to-kube': true,
  'kube-to-kube': true,
  'start-kube': true,
  'back-to-local': true,
  'failed-unit': true,
  fallback: true,
};
export const RESTART_EDGES = Object.keys(EDGES) as readonly RestartEdge[];

export type StepKind = HostStep['kind'];
// A record, so that the compiler finds a step that this list lacks.
const KINDS: Readonly<Record<StepKind, true>> = {
  'adopt-shipped': true,
  certify: true,
  'record-repository': true,
  'record-local-repository': true,
  'write-versions': true,
  'name-image': true,
  'tag-as-local': true,
  'remove-local-container': true,
  'clean-up': true,
  release: true,
  'lift-block': true,
  'lift-operator-block': true,
  'pin-image': true,
  'unpin-image': true,
  'return-name': true,
  'restore-image': true,
  'block-version': true,
  'fall-back': true,
  'finish-fallback': true,
  'write-label': true,
  restart: true,
};
export const STEP_KINDS = Object.keys(KINDS) as readonly StepKind[];

/** Calls of the engine whose time is taken; not those that wait for a container. */
export const ENGINE_CALLS = [
  'list-containers',
  'list-images',
  'find-container',
  'read-image-labels',
  'start-container',
  'stop-container',
  'kill-container',
  'remove-container',
  'tag-image',
  'remove-reference',
  'remove-unnamed-image',
  'pin-image',
  'pull-image',
] as const;
export type EngineCall = (typeof ENGINE_CALLS)[number];

export interface CallCount {
  readonly times: number;
  readonly seconds: number;
  readonly failures: number;
}

/** What is missing counts as 0. */
export interface HostCounts {
  readonly reconciles: number;
  readonly steps: ReadonlyMap<StepKind, number>;
  readonly stepFailures: ReadonlyMap<StepKind, number>;
  readonly calls: ReadonlyMap<EngineCall, CallCount>;
  readonly writeFailures: ReadonlyMap<WrittenFile, number>;
}

export interface FeatureCounts {
  readonly fallbacks: number;
  readonly restarts: ReadonlyMap<RestartEdge, number>;
}

export const NO_FEATURE_COUNTS: FeatureCounts = { fallbacks: 0, restarts: new Map() };
