import type { FeatureCounts, RestartEdge, StepKind } from '../../../decide/metrics/counts.ts';
import { NO_FEATURE_COUNTS } from '../../../decide/metrics/counts.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
import type { StepExecutor } from '../feature/step-executor.ts';

/** Counts the steps that an executor runs. */
export class StepCounter {
  readonly #steps = new Map<StepKind, number>();
  readonly #failures = new Map<StepKind, number>();
  readonly #features = new Map<string, FeatureCounts>();

  get steps(): ReadonlyMap<StepKind, number> {
    return this.#steps;
  }

  get failures(): ReadonlyMap<StepKind, number> {
    return this.#failures;
  }

  get features(): ReadonlyMap<string, FeatureCounts> {
    return this.#features;
  }

  /** An executor that does the same, counted. */
  meter(executor: StepExecutor): StepExecutor {
    return {
      run: async (step, context) => {
        increment(this.#steps, step.kind);
        try {
          const text = await executor.run(step, context);
          // Nothing had to be done.
          if (text !== '') this.#recordDone(context.feature, step);
          return text;
        } catch (error) {
          increment(this.#failures, step.kind);
          throw error;
        }
      },
    };
  }

  /** Forgets the features that are gone. */
  keep(features: ReadonlySet<string>): void {
    for (const feature of this.#features.keys()) if (!features.has(feature)) this.#features.delete(feature);
  }

  #recordDone(feature: string, step: HostStep): void {
    const edge = findEdge(step);
    if (edge === undefined) return;
    const last = this.#features.get(feature) ?? NO_FEATURE_COUNTS;
    const restarts = new Map(last.restarts);
    increment(restarts, edge);
    this.#features.set(feature, { fallbacks: last.fallbacks + Number(step.kind === 'fall-back'), restarts });
  }
}

/** Why the step restarts a service; undefined if it does not. */
function findEdge(step: HostStep): RestartEdge | undefined {
  if (step.kind === 'restart') return step.edge;
  if (step.kind === 'fall-back') return 'fallback';
  return step.kind === 'finish-fallback' && step.isRestartDue ? 'fallback' : undefined;
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
