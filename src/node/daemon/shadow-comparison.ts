import type { FeatureReading } from '../../decide/feature-reading.ts';
import type { Log } from '../../ports/log.ts';
import type { LedgerKeeper } from './ledger-keeper.ts';

/** Tells where the shipped daemon, which runs beside a shadow, came to another conclusion. */
export class ShadowComparison {
  readonly #log: Log;
  readonly #keeper: LedgerKeeper;
  readonly #before = new Map<string, Pick<FeatureReading, 'stableVersion' | 'status'>>();

  constructor(log: Log, keeper: LedgerKeeper) {
    this.#log = log;
    this.#keeper = keeper;
  }

  note(feature: string, reading: FeatureReading): void {
    const before = this.#before.get(feature);
    this.#before.set(feature, reading);
    if (before === undefined) return;
    if (before.stableVersion !== reading.stableVersion) this.compareStable(feature, reading.stableVersion);
    if (before.status.remoteState !== 'none' && reading.status.remoteState === 'none')
      this.#log.info(`${feature}: the shipped daemon gave up on Kubernetes: remote_state is none`);
  }

  private compareStable(feature: string, stableVersion: string): void {
    const golden = this.#keeper.of(feature).golden?.version ?? '';
    const ours = golden === '' ? 'none' : `version ${golden}`;
    const said = `the shipped daemon counts version ${stableVersion || '(none)'} as stable`;
    if (golden === stableVersion) this.#log.info(`${feature}: ${said}, and so would ctrkit`);
    else this.#log.warn(`${feature}: ${said}; ctrkit would have ${ours} golden`);
  }
}
