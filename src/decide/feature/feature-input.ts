import type { Timestamps } from '../../contract/timestamps.ts';
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import type { UnitState } from '../../contract/feature/unit-state.ts';
import type { FallbackTiming } from './fallback.ts';
import type { ContainerEnd } from './feature-memory.ts';
import type { FeatureReading } from './feature-reading.ts';

/** All that one look at one feature rests on. */
export interface FeatureInput {
  readonly feature: string;
  readonly reading: FeatureReading;
  readonly ledger: FeatureLedger;
  /** While it is away, what is here decides nothing. */
  readonly engine: {
    readonly isAway: boolean;
    readonly containers: readonly EngineContainer[];
    readonly images: readonly EngineImage[];
  };
  /** Where the image is that starts in local mode, by its tag `latest`; undefined if there can be none. */
  readonly localRepository: string | undefined;
  /** An operator's lock that holds, one line. */
  readonly lockText: string | undefined;
  /** Containers whose end the engine told of since the last look, the newest last. */
  readonly ends: readonly ContainerEnd[];
  /** Undefined while systemd has not said, or need not be asked. */
  readonly unit: UnitState | undefined;
  readonly now: Timestamps;
  /** Boot clock. */
  readonly daemonStartedMs: number;
  readonly timing: FallbackTiming;
}
