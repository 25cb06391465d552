import { findEarliest } from '../../../contract/timestamps.ts';
import type { FeatureView } from '../../../contract/feature/daemon-view.ts';
import type { UnitState } from '../../../contract/feature/unit-state.ts';
import type { RowFields, RowValues } from '../../../contract/rows.ts';
import { decideFeature, type DecidedView } from '../../../decide/feature/decide-feature.ts';
import type { FallbackTiming } from '../../../decide/feature/fallback-refusal.ts';
import type { FeatureInput } from '../../../decide/feature/feature-input.ts';
import {
  isUnitStateNeeded,
  recordFallbackRun,
  recordStepStart,
  type FeatureMemory,
} from '../../../decide/feature/feature-memory.ts';
import {
  decodeFeatureReading,
  selectFeatureRows,
  type FeatureReading,
} from '../../../decide/feature/feature-reading.ts';
import type { ContainerEnd } from '../../../decide/feature/seen-holder.ts';
import { listOwnedElsewhere } from '../../../decide/images/owned-elsewhere.ts';
import { findOpenFallback } from '../../../decide/images/ledger-changes.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine, EngineEvent } from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';
import type { BlockWatch } from '../watch/block-watch.ts';
import type { EngineState } from '../watch/engine-watch.ts';
import type { LockWatch } from '../watch/lock-watch.ts';
import type { MemoryKeeper } from '../memory/memory-keeper.ts';
import type { UnitWatch } from '../watch/unit-watch.ts';
import { findLocalRepository, planFeatureCleanUp, planFeatureLocalStart } from './feature-clean-up.ts';
import { FeatureReport } from './feature-report.ts';
import type { LedgerCache } from './ledger-cache.ts';
import type { StepExecutor } from './step-executor.ts';
import { StepRunner } from './step-runner.ts';

/** Time alone never makes a feature reconcile more often than this. */
const SHORTEST_REQUEUE_MS = 20;
/**
 * Ends that are kept for the next reconcile, those of all containers of the switch: where every feature's container ends at the
 * same time, each has to find its own.
 */
const MOST_ENDS = 256;

export interface FeaturePorts {
  readonly isShadow: boolean;
  readonly engine: ContainerEngine;
  readonly ledger: LedgerCache;
  readonly executor: StepExecutor;
  readonly locks: Pick<LockWatch, 'findText' | 'readText'>;
  readonly blocks: Pick<BlockWatch, 'findVersions'>;
  readonly units: UnitWatch;
  readonly memories: Pick<MemoryKeeper, 'resume' | 'record'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: FallbackTiming;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** When the daemon started, boot clock. */
  readonly startedMs: number;
  /** This boot is about to end: nothing that ends, or stays out, has failed. */
  readonly isRebooting: () => boolean;
  /** SONiC's list of image names: the local repository of each feature. */
  readonly mappedRepositories: ReadonlyMap<string, string>;
  readonly readEngineState: () => EngineState;
  /** Something has changed that is in no row: the feature has to be reconciled again. */
  readonly requeue: (feature: string) => void;
  /** After each decision, for a shadow's comparison and for metrics; `memory` is that after it. */
  readonly onDecision?: ((input: FeatureInput, view: DecidedView, memory: FeatureMemory) => void) | undefined;
}

/** Reconciles one feature: reads its rows, decides, and starts the steps, one batch at a time. */
export class FeatureController {
  readonly name: string;
  readonly #ports: FeaturePorts;
  readonly #runner: StepRunner;
  readonly #report: FeatureReport;
  #memory: FeatureMemory;
  /** Since the last reconcile, the newest last. */
  #ends: readonly ContainerEnd[] = [];
  /** Those that an operator has blocked, as of the rows that were asked for. */
  #blockedVersions: ReadonlySet<string> = new Set();
  /** The versions whose blocks are read. */
  #versions: readonly string[] = [];
  #requeueAtMs: number | undefined;

  constructor(name: string, ports: FeaturePorts) {
    const { executor, clock, log, locks, random, requeue, memories } = ports;
    this.name = name;
    this.#ports = ports;
    this.#memory = memories.resume(name);
    this.#report = new FeatureReport(name, { clock, log });
    this.#runner = new StepRunner({
      executor,
      clock,
      log,
      locks,
      random,
      onStart: (step) => {
        this.#remember(recordStepStart(this.#memory, step, clock.bootMs()));
      },
      onDone: (step, text) => {
        this.#report.recordAct(text);
        if (step.kind === 'fall-back') this.#remember(recordFallbackRun(this.#memory, clock.bootMs()));
      },
      onIdle: () => requeue(name),
    });
  }

  /** Undefined before the first reconcile. */
  get view(): FeatureView | undefined {
    return this.#report.view;
  }

  /** A step is running. */
  get isBusy(): boolean {
    return this.#runner.isBusy;
  }

  /** Boot clock: when time alone may change something. */
  get requeueAtMs(): number | undefined {
    return this.#requeueAtMs;
  }

  /** For the next reconcile. */
  recordEnd({ containerId, exitCode, hadOomKill }: Extract<EngineEvent, { kind: 'die' }>): void {
    const end = { containerId, exitCode, hadOomKill, atMs: this.#ports.clock.bootMs() };
    this.#ends = [...this.#ends, end].slice(-MOST_ENDS);
  }

  /** What the next `reconcile` has to be given, in this order. */
  selectRows(): RowFields[] {
    const { ledger, blocks } = this.#ports;
    const { fallbacks } = ledger.read(this.name);
    this.#blockedVersions = blocks.findVersions(this.name);
    this.#versions = [...new Set([...fallbacks.map(({ version }) => version), ...this.#blockedVersions])];
    return selectFeatureRows(this.name, this.#versions);
  }

  reconcile(rows: readonly RowValues[]): void {
    const { isShadow, engine, ledger, locks, mappedRepositories, onDecision } = this.#ports;
    const reading = decodeFeatureReading(this.name, this.#versions, rows);
    const input = this.#createInput(reading);
    this.#ends = [];
    const { memory, steps, view, requeueAtMs } = decideFeature(this.#memory, input);
    this.#remember(memory);
    // A shadow has not fallen back, so the image it would have fallen back from fails on, also once its container has ended.
    const blamedId = view.imageId || (memory.bucket?.imageId ?? '');
    const isFallbackKnown = isShadow && findOpenFallback(input.ledger, blamedId) !== undefined;
    this.#report.updateView(view, isFallbackKnown);
    onDecision?.(input, view, memory);
    const { policy } = reading;
    const imagePorts = { engine, ledger, locks, mappedRepositories };
    const stepDueMs = this.#runner.start(steps, {
      feature: this.name,
      planCleanUp: () => planFeatureCleanUp(this.name, policy, imagePorts),
      planLocalStart: (imageId) => planFeatureLocalStart(this.name, imageId, imagePorts),
    });
    const dueMs = findEarliest([requeueAtMs, stepDueMs]);
    this.#requeueAtMs =
      dueMs === undefined ? undefined : Math.max(dueMs, input.now.bootMs + SHORTEST_REQUEUE_MS);
  }

  #remember(memory: FeatureMemory): void {
    this.#memory = memory;
    this.#ports.memories.record(this.name, memory);
  }

  #createInput(reading: FeatureReading): FeatureInput {
    const { clock, ledger, locks, timing, startedMs, mappedRepositories } = this.#ports;
    const engine = this.#ports.readEngineState();
    return {
      feature: this.name,
      reading,
      ledger: ledger.read(this.name),
      engine,
      localRepository: findLocalRepository(this.name, engine.containers, this.#ports),
      ownedElsewhere: listOwnedElsewhere(this.name, ledger.all, mappedRepositories),
      blockedVersions: this.#blockedVersions,
      lockText: locks.findText(this.name),
      unit: findUnitState(this.name, reading, this.#memory, this.#ports),
      isRebootPrepared: this.#ports.isRebooting(),
      ends: this.#ends,
      now: readTimestamps(clock),
      daemonStartedMs: startedMs,
      timing,
    };
  }
}

function findUnitState(
  feature: string,
  reading: FeatureReading,
  memory: FeatureMemory,
  { units, requeue }: Pick<FeaturePorts, 'units' | 'requeue'>,
): UnitState | undefined {
  if (isUnitStateNeeded(reading, memory)) return units.findState(feature, () => requeue(feature));
  units.forget(feature);
  return undefined;
}
