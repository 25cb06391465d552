import type { DecidedView } from '../../../decide/feature/decide-feature.ts';
import type { FeatureInput } from '../../../decide/feature/feature-input.ts';
import type { FeatureMemory } from '../../../decide/feature/feature-memory.ts';
import type { StepExecutor } from '../feature/step-executor.ts';
import type { EngineState } from '../watch/engine-watch.ts';

/** Where an observer looks when somebody asks it. */
export interface DaemonSources {
  readonly readEngineState: () => EngineState;
  /** The features that there are. */
  readonly listFeatures: () => Iterable<string>;
}

/** Told of what the daemon does. It must not throw, and changes nothing. */
export interface DaemonObserver {
  readonly observe: (sources: DaemonSources) => void;
  /** After each decision on a feature; `memory` is that after the decision. */
  readonly recordDecision: (input: FeatureInput, view: DecidedView, memory: FeatureMemory) => void;
  readonly meterSteps: (executor: StepExecutor) => StepExecutor;
}
