import { readTimestamps } from '../../../loop/timestamps.ts';
import type { FeatureView } from '../../../contract/feature/daemon-view.ts';
import type { RowFields, RowValues } from '../../../contract/rows.ts';
import type { UnitState } from '../../../contract/feature/unit-state.ts';
import { planCleanUp, type CleanUpPlan } from '../../../decide/images/clean-up.ts';
import type { FallbackTiming } from '../../../decide/feature/fallback-refusal.ts';
import { isUnitStateNeeded, NO_MEMORY, type FeatureMemory } from '../../../decide/feature/feature-memory.ts';
import type { ContainerEnd } from '../../../decide/feature/seen-holder.ts';
import {
  decodeFeatureReading,
  selectFeatureRows,
  type FeatureReading,
} from '../../../decide/feature/feature-reading.ts';
import { findOpenFallback } from '../../../decide/images/ledger-changes.ts';
import { DISRUPTIVE_STEPS, type HostStep } from '../../../decide/feature/host-step.ts';
import { decideFeature, type DecidedView } from '../../../decide/feature/decide-feature.ts';
import { decideLocalRepository } from '../../../decide/images/local-repository.ts';
import type { FeatureInput } from '../../../decide/feature/feature-input.ts';
import { listOwnedElsewhere } from '../../../decide/images/owned-elsewhere.ts';
import { recordRestart } from '../../../decide/feature/restart-history.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine, EngineEvent } from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';
import type { EngineState } from '../watch/engine-watch.ts';
import type { StepExecutor } from './step-executor.ts';
import type { LedgerCache } from './ledger-cache.ts';
import { StepPace } from './step-pace.ts';
import type { UnitWatch } from '../watch/unit-watch.ts';

/** Time alone never asks for more looks than this. */
const SOONEST_MS = 20;

export interface FeaturePorts {
  readonly engine: ContainerEngine;
  readonly ledger: LedgerCache;
  readonly executor: StepExecutor;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: FallbackTiming;
  /** Boot clock. */
  readonly startedMs: number;
  engineState(): EngineState;
  /** SONiC's list of image names: the local repository of each feature. */
  readonly mappedRepositories: ReadonlyMap<string, string>;
  readonly units: UnitWatch;
  /** The operator's lock on the feature, if one holds. */
  lockText(feature: string, isFresh?: boolean): string | undefined;
  readonly isShadow: boolean;
  /** Something was done: the feature is to be looked at again. */
  onDone(feature: string): void;
  /** After each decision, for a shadow's comparison. */
  onDecision?(input: FeatureInput, view: DecidedView): void;
}

/** One feature: what is remembered of it, and the one task at a time that does something for it. */
export class FeatureController {
  readonly name: string;
  readonly #ports: FeaturePorts;
  readonly #pace: StepPace;
  #memory: FeatureMemory = NO_MEMORY;
  #ends: ContainerEnd[] = [];
  #versions: readonly string[] = [];
  #view: FeatureView | undefined;
  #requeueAtMs: number | undefined;
  #isBusy = false;

  constructor(name: string, ports: FeaturePorts) {
    this.name = name;
    this.#ports = ports;
    this.#pace = new StepPace();
  }

  get view(): FeatureView | undefined {
    return this.#view;
  }

  /** Something is being done for it. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get requeueAtMs(): number | undefined {
    return this.#requeueAtMs;
  }

  recordEnd({ containerId, exitCode, hadOomKill }: Extract<EngineEvent, { kind: 'die' }>): void {
    // One a look is the rule; a loop that was busy meanwhile needs no more than the last few.
    const end = { containerId, exitCode, hadOomKill, atMs: this.#ports.clock.bootMs() };
    this.#ends = [...this.#ends.slice(-7), end];
  }

  selectRows(): RowFields[] {
    this.#versions = [...new Set(this.#ports.ledger.read(this.name).fallbacks.map(({ version }) => version))];
    return selectFeatureRows(this.name, this.#versions);
  }

  reconcile(rows: readonly RowValues[]): void {
    const { clock, ledger: keeper } = this.#ports;
    const reading = decodeFeatureReading(this.name, this.#versions, rows);
    const now = readTimestamps(clock);
    const ends = this.#ends;
    this.#ends = [];
    const situation: FeatureInput = {
      ...this.#ports,
      feature: this.name,
      reading,
      ledger: keeper.read(this.name),
      engine: this.#ports.engineState(),
      localRepository: this.findLocalRepository(),
      lockText: this.#ports.lockText(this.name),
      unit: this.readUnit(reading),
      ends,
      now,
      daemonStartedMs: this.#ports.startedMs,
    };
    const { memory, steps, view, requeueAtMs } = decideFeature(this.#memory, situation);
    this.#memory = memory;
    this.show(view);
    this.#ports.onDecision?.(situation, view);
    const due = this.#pace.selectDue(steps, now.bootMs);
    const waits = [requeueAtMs, due.nextMs].filter((ms) => ms !== undefined);
    this.#requeueAtMs =
      waits.length === 0 ? undefined : Math.max(Math.min(...waits), now.bootMs + SOONEST_MS);
    if (due.steps.length > 0 && !this.#isBusy) void this.run(selectBatch(due.steps), reading);
  }

  private async run(steps: readonly HostStep[], reading: FeatureReading): Promise<void> {
    const { executor, clock, log } = this.#ports;
    this.#isBusy = true;
    for (const step of steps) {
      // One that was added a moment ago holds already: its owner has been told so.
      if (DISRUPTIVE_STEPS.has(step.kind) && this.#ports.lockText(this.name, true) !== undefined) continue;
      this.note(step);
      this.#pace.recordRun(step, clock.bootMs());
      try {
        const context = {
          feature: this.name,
          policy: reading.policy,
          planCleanUp: () => this.planCleanUp(reading),
        };
        const text = await executor.run(step, context);
        if (text === '') continue;
        this.tell(text);
        // One that did nothing, because something came in between, needs no rest.
        if (step.kind === 'fall-back') this.#memory = { ...this.#memory, lastFallbackMs: clock.bootMs() };
      } catch (error) {
        // The step is still to be done: the next look plans it again, and the pace says when.
        log.error(`${this.name}: ${step.kind} failed: ${(error as Error).message}`);
        break;
      }
    }
    this.#isBusy = false;
    this.#ports.onDone(this.name);
  }

  /** Before it is done: a restart that takes long, or fails, has been asked for. */
  private note(step: HostStep): void {
    const atMs = this.#ports.clock.bootMs();
    if (step.kind === 'restart') {
      const restarts = recordRestart(this.#memory.restarts, { edge: step.edge, atMs });
      this.#memory = { ...this.#memory, restarts };
    } else if (step.kind === 'fall-back') {
      // It writes `none` and restarts the service: to the next look that is the edge back to local, done already.
      const restarts = recordRestart(this.#memory.restarts, { edge: 'back-to-local', atMs });
      this.#memory = { ...this.#memory, restarts };
    }
  }

  private tell(text: string): void {
    this.#ports.log.info(`${this.name}: ${text}`);
    if (this.#view === undefined) return;
    const lastActTs = Math.floor(this.#ports.clock.wallMs() / 1_000);
    this.#view = { ...this.#view, lastAct: text, lastActTs };
  }

  private show(view: Omit<FeatureView, 'lastAct' | 'lastActTs'>): void {
    const { log, ledger: keeper, isShadow } = this.#ports;
    const before = this.#view;
    const { certification, fallback } = view;
    if (before?.certification.kind !== certification.kind && certification.kind === 'counting')
      log.info(`${this.name}: ${certification.text}`);
    // A shadow has not fallen back, so that the image still fails: told once.
    const isTold = isShadow && findOpenFallback(keeper.read(this.name), view.imageId) !== undefined;
    const isNews = before?.fallback.kind !== fallback.kind && !isTold;
    if (isNews && (fallback.kind === 'failing' || fallback.kind === 'refused'))
      log.warn(
        `${this.name}: ${fallback.kind === 'refused' ? 'would fall back to local, but ' : ''}${fallback.text}`,
      );
    this.#view = { ...view, lastAct: before?.lastAct ?? '', lastActTs: before?.lastActTs ?? 0 };
  }

  private readUnit(reading: FeatureReading): UnitState | undefined {
    const { units } = this.#ports;
    if (isUnitStateNeeded(reading, this.#memory))
      return units.findState(this.name, () => this.#ports.onDone(this.name));
    units.forget(this.name);
    return undefined;
  }

  private findLocalRepository(): string | undefined {
    const { mappedRepositories: mapped } = this.#ports;
    const container = this.#ports.engineState().containers.find(({ names }) => names.includes(this.name));
    return decideLocalRepository(this.name, {
      mapped: mapped.get(this.name),
      containerImage: container?.image,
    });
  }

  private async planCleanUp({ policy }: FeatureReading): Promise<CleanUpPlan> {
    const { engine, ledger: keeper, mappedRepositories } = this.#ports;
    const [containers, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
    return planCleanUp({
      feature: this.name,
      ledger: keeper.read(this.name),
      policy,
      images,
      containers,
      localRepository: this.findLocalRepository(),
      ownedElsewhere: listOwnedElsewhere(this.name, keeper.all, mappedRepositories),
      isLocked: this.#ports.lockText(this.name, true) !== undefined,
    });
  }
}

/**
 * What may be done on one reading. What is quick goes first, together; then one disruptive step by itself, and clean-up,
 * which may take minutes, last and by itself: after each batch the feature is looked at again.
 */
function selectBatch(steps: readonly HostStep[]): readonly HostStep[] {
  const quick = steps.filter(({ kind }) => !DISRUPTIVE_STEPS.has(kind) && kind !== 'clean-up');
  if (quick.length > 0) return quick;
  const disruptive = steps.find(({ kind }) => DISRUPTIVE_STEPS.has(kind));
  return disruptive === undefined ? steps : [disruptive];
}
