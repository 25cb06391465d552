/** The types of the gate's decision: its input, its result, and the progress that goes into the next decision. */
import type { NodeLabels } from '../../contract/cluster/feature-labels.ts';
import type { FeatureConfig, FeatureStatus } from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { Hold } from './hold-reasons.ts';
import type { StoreObservation } from './observation.ts';
import type { Self } from './live-holder.ts';

/** The container that asks to start its application. */
export interface Candidate extends Self {
  readonly feature: string;
  readonly version: string;
}

/** What says which container has claimed the feature. */
export interface HolderRows {
  readonly status: FeatureStatus;
  readonly heartbeat: Heartbeat;
}

/** The rows of the decision, read in one step. */
export interface StartupSnapshot extends HolderRows {
  readonly config: FeatureConfig;
  readonly labels: NodeLabels;
}

/** All that the decision on the start rests on. */
export interface StartupInput {
  readonly snapshot: StartupSnapshot;
  readonly self: Candidate;
  readonly progress: Progress;
  /** With the look that read `snapshot`. */
  readonly observation: StoreObservation;
  readonly now: BootTime;
}

/** The state of this gate. It begins as `new`; each decision returns the progress for the next one. */
export type Progress = { readonly kind: 'new' } | Waiting | Superseded;

/** When the wait began, and who was the live holder then. */
interface WaitStart {
  /** Boot clock. */
  readonly beganMs: number;
  /** The text of `describeIdentity`. */
  readonly holderAtStart: string;
  readonly holderVersionAtStart: string;
}

export interface Waiting extends WaitStart {
  readonly kind: 'waiting';
  /** This container has written its version: from then on another version in the row means another request. */
  readonly isAnnounced: boolean;
  /** Boot clock: when a `ready` for another container was first read; undefined if there is none. */
  readonly foreignReadySinceMs: number | undefined;
  /** How often this gate has asked again because of one. */
  readonly asksAgain: number;
}

export interface Superseded extends WaitStart {
  readonly kind: 'superseded';
  /** Boot clock. */
  readonly sinceMs: number;
  /** Boot clock: since when the host's `ready` for this container was seen; undefined where it was not. */
  readonly answeredMs: number | undefined;
}

export type Verdict =
  | { readonly kind: 'go' }
  | {
      readonly kind: 'wait';
      /** What to write: nothing, our version, or our version and a `pending` that asks the host. */
      readonly announce: 'nothing' | 'version' | 'pending';
      readonly text: string;
    }
  | ({ readonly kind: 'hold' } & Hold);

export interface StartupDecision {
  readonly verdict: Verdict;
  readonly progress: Progress;
  /** Boot clock: when time alone may change the verdict; undefined if it does not. */
  readonly requeueAtMs: number | undefined;
  /** Boot clock: a look later than this may have missed an outage; undefined where no other holder is on record. */
  readonly lookByMs: number | undefined;
  /** For people, logged once; changes no verdict. */
  readonly note: string | undefined;
}
