import { WRITTEN_FILES, type WrittenFile } from '../../../contract/metrics/host-metrics.ts';
import { describeFeatures } from '../../../decide/metrics/feature-samples.ts';
import { gatherFeatureFacts, type FeatureFacts } from '../../../decide/metrics/feature-facts.ts';
import { listImageIds } from '../../../decide/images/ladder.ts';
import { describeHost, type HostFacts } from '../../../decide/metrics/host-samples.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';
import type { LedgerStore } from '../../../ports/ledger-store.ts';
import { renderExposition } from '../../../text/exposition.ts';
import type { MemoryStore } from '../../../ports/memory-store.ts';
import type { ViewTarget } from '../feature/view-publisher.ts';
import type { Connection } from '../watch/daemon-component.ts';
import type { DaemonObserver, DaemonSources } from './daemon-observer.ts';
import { EngineMeter } from './engine-meter.ts';
import { RowWatch } from './row-watch.ts';
import { StepCounter } from './step-counter.ts';

/** What never changes. */
export type HostMetricsAbout = Pick<HostFacts, 'version' | 'nodeVersion' | 'isShadow'>;

/** The parts of a daemon that show what it does. */
export interface MeteredParts {
  readonly engine: ContainerEngine;
  readonly ledger: LedgerStore;
  readonly memory?: MemoryStore | undefined;
  readonly view: ViewTarget;
  readonly connect: () => Connection;
}

/** Collects what a daemon does, and renders its metrics when somebody asks. */
export class HostMetrics {
  readonly #clock: Clock;
  readonly #about: HostMetricsAbout & Pick<HostFacts, 'startedWallMs'>;
  readonly #engine: EngineMeter;
  readonly #steps = new StepCounter();
  readonly #rows = new RowWatch();
  readonly #writeFailures = new Map<WrittenFile, number>(WRITTEN_FILES.map((file) => [file, 0]));
  readonly #facts = new Map<string, FeatureFacts>();
  #sources: DaemonSources | undefined;
  #reconciles = 0;
  #problemCount = 0;

  constructor(clock: Clock, about: HostMetricsAbout) {
    this.#clock = clock;
    this.#about = { ...about, startedWallMs: clock.wallMs() };
    this.#engine = new EngineMeter(clock);
  }

  /** Parts that do the same, observed. To be called once. */
  meter({
    engine,
    ledger,
    memory,
    view,
    connect,
  }: MeteredParts): MeteredParts & { readonly observer: DaemonObserver } {
    return {
      engine: this.#engine.meter(engine),
      ledger: {
        read: () => ledger.read(),
        write: (written) => this.#countFailure('ledger', () => ledger.write(written)),
      },
      memory: memory && {
        read: (bootId) => memory.read(bootId),
        write: (bootId, features) => this.#countFailure('memory', () => memory.write(bootId, features)),
      },
      view: {
        write: (written) => {
          this.#problemCount = written.problems.length;
          this.#countFailure('view', () => view.write(written));
        },
        remove: () => view.remove(),
      },
      connect: () => this.#rows.meter(connect()),
      observer: this.#createObserver(),
    };
  }

  /** The answer to a scrape. Looks at nothing but what is in memory. */
  render(): string {
    const now = readTimestamps(this.#clock);
    const engine = this.#sources?.readEngineState();
    const rows = this.#rows.describe(now);
    this.#forgetMissing();
    return renderExposition([
      ...describeHost(
        {
          ...this.#about,
          isEngineAway: engine?.isAway ?? true,
          isDatabaseAway: !rows.isWatching,
          master: rows.master,
          problemCount: this.#problemCount,
          featureCount: this.#facts.size,
        },
        {
          reconciles: this.#reconciles,
          steps: this.#steps.steps,
          stepFailures: this.#steps.failures,
          calls: this.#engine.calls,
          writeFailures: this.#writeFailures,
        },
      ),
      ...describeFeatures({
        facts: [...this.#facts.values()],
        counts: this.#steps.features,
        holds: rows.holds,
        imageIds: engine && listImageIds(engine),
        now,
      }),
    ]);
  }

  #createObserver(): DaemonObserver {
    return {
      observe: (sources) => {
        this.#sources = sources;
      },
      recordDecision: (input, view, memory) => {
        this.#reconciles += 1;
        this.#facts.set(input.feature, gatherFeatureFacts(input, view, memory));
      },
      meterSteps: (executor) => this.#steps.meter(executor),
    };
  }

  #forgetMissing(): void {
    const names = new Set(this.#sources?.listFeatures());
    for (const feature of this.#facts.keys()) if (!names.has(feature)) this.#facts.delete(feature);
    this.#steps.keep(names);
  }

  #countFailure(file: WrittenFile, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#writeFailures.set(file, (this.#writeFailures.get(file) ?? 0) + 1);
      throw error;
    }
  }
}
