import type { DecidedView } from '../../../decide/feature/decide-feature.ts';
import type { FeatureInput } from '../../../decide/feature/feature-input.ts';
import { compareShadow, type ShadowMemory } from '../../../decide/feature/shadow-differences.ts';
import type { Log } from '../../../ports/log.ts';

/** Logs where the shipped daemon, which runs beside a shadow, came to another conclusion. */
export class ShadowComparison {
  readonly #log: Log;
  readonly #memories = new Map<string, ShadowMemory>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** After each reconcile of a feature. */
  compare(input: FeatureInput, view: DecidedView): void {
    const { feature } = input;
    const { memory, findings } = compareShadow(this.#memories.get(feature), input, view);
    this.#memories.set(feature, memory);
    for (const { isAgreement, text } of findings) {
      if (isAgreement) this.#log.info(`${feature}: ${text}`);
      else this.#log.warn(`${feature}: difference: ${text}`);
    }
  }
}
