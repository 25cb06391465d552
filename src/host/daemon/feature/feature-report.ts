import { toSeconds } from '../../../contract/timestamps.ts';
import type { FeatureView } from '../../../contract/feature/daemon-view.ts';
import type { DecidedView } from '../../../decide/feature/decide-feature.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';

/** The view of one feature, and the log lines on its verdicts and acts. A verdict is logged when it is new. */
export class FeatureReport {
  readonly #feature: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #view: FeatureView | undefined;

  constructor(feature: string, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#feature = feature;
    this.#clock = clock;
    this.#log = log;
  }

  /** Undefined before the first reconcile. */
  get view(): FeatureView | undefined {
    return this.#view;
  }

  /** `isFallbackKnown`: the failure of the image that runs was logged before. */
  updateView(decided: DecidedView, isFallbackKnown: boolean): void {
    const last = this.#view;
    const { certification, fallback } = decided;
    if (last?.certification.kind !== certification.kind && certification.kind === 'counting')
      this.#log.info(`${this.#feature}: ${certification.text}`);
    if (last?.fallback.kind !== fallback.kind && !isFallbackKnown) this.#logFallback(decided);
    this.#view = { ...decided, lastAct: last?.lastAct ?? '', lastActTs: last?.lastActTs ?? 0 };
  }

  /** `text` is one line on what was done. */
  recordAct(text: string): void {
    this.#log.info(`${this.#feature}: ${text}`);
    if (this.#view === undefined) return;
    const lastActTs = toSeconds(this.#clock.wallMs());
    this.#view = { ...this.#view, lastAct: text, lastActTs };
  }

  #logFallback({ fallback: { kind, text } }: DecidedView): void {
    if (kind === 'failing') this.#log.warn(`${this.#feature}: ${text}`);
    if (kind === 'refused') this.#log.warn(`${this.#feature}: would fall back to local, but ${text}`);
  }
}
