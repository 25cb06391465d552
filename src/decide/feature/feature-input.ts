import type { Timestamps } from '../../contract/timestamps.ts';
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import type { UnitState } from '../../contract/feature/unit-state.ts';
import type { OwnedElsewhere } from '../images/clean-up.ts';
import type { FallbackTiming } from './fallback-refusal.ts';
import type { FeatureReading } from './feature-reading.ts';
import type { ContainerEnd } from './seen-holder.ts';

/** Everything that one reconcile of one feature decides on, besides its memory. */
export interface FeatureInput {
  readonly feature: string;
  readonly reading: FeatureReading;
  readonly ledger: FeatureLedger;
  /** The engine's last answer. While the engine is away nothing is decided on its lists. */
  readonly engine: {
    readonly isAway: boolean;
    /** Without the pins. */
    readonly containers: readonly EngineContainer[];
    readonly images: readonly EngineImage[];
    /** This feature's own, and those of features that the ledger does not know. */
    readonly pins: readonly EngineContainer[];
  };
  /** The repository whose tag `latest` a start in local mode runs; undefined if the feature can have none. */
  readonly localRepository: string | undefined;
  /** What belongs to the other features. */
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  /** The versions of the feature that an operator has blocked on this switch. */
  readonly blockedVersions: ReadonlySet<string>;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
  /** `ctrkit reboot prepare` has put a reboot of this boot on record, and it is still to be expected. */
  readonly isRebootPrepared: boolean;
  /** Containers that ended since the last reconcile, the newest last. */
  readonly ends: readonly ContainerEnd[];
  /** Undefined while systemd has not answered, or need not be asked. */
  readonly unit: UnitState | undefined;
  readonly now: Timestamps;
  /** Boot clock. */
  readonly daemonStartedMs: number;
  readonly timing: FallbackTiming;
}
