import type { FeatureView } from '../../../contract/feature/daemon-view.ts';
import { compareShadow, type ShadowMemory } from '../../../decide/feature/shadow-differences.ts';
import type { FeatureInput } from '../../../decide/feature/feature-input.ts';
import type { Log } from '../../../ports/log.ts';

/** Tells where the shipped daemon, which runs beside a shadow, came to another conclusion. */
export class ShadowComparison {
  readonly #log: Log;
  readonly #memories = new Map<string, ShadowMemory>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(situation: FeatureInput, judged: Pick<FeatureView, 'version' | 'certification' | 'fallback'>): void {
    const { feature } = situation;
    const { memory, notes } = compareShadow(this.#memories.get(feature), situation, judged);
    this.#memories.set(feature, memory);
    for (const { isAgreement, text } of notes) {
      if (isAgreement) this.#log.info(`${feature}: ${text}`);
      else this.#log.warn(`${feature}: difference: ${text}`);
    }
  }
}
