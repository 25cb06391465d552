import { BACKGROUND_STEPS, DISRUPTIVE_STEPS, type HostStep } from '../../../decide/feature/host-step.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { LockWatch } from '../watch/lock-watch.ts';
import { StepPace } from './step-pace.ts';
import type { StepContext, StepExecutor } from './step-executor.ts';

export interface StepRunnerPorts {
  readonly executor: StepExecutor;
  readonly clock: Clock;
  readonly log: Log;
  readonly locks: Pick<LockWatch, 'readText'>;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Before a step is run: a restart that takes long, or fails, has been asked for. */
  readonly onStart: (step: HostStep) => void;
  /** `text` is one line on what was done. */
  readonly onDone: (step: HostStep, text: string) => void;
  /** The batch is over: the feature has to be reconciled again. */
  readonly onIdle: () => void;
}

/** Runs the steps of one feature, a batch at a time, each step with its own back-off. */
export class StepRunner {
  readonly #ports: StepRunnerPorts;
  readonly #pace: StepPace;
  #isBusy = false;

  constructor(ports: StepRunnerPorts) {
    this.#ports = ports;
    this.#pace = new StepPace(ports.random);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Starts the first batch of those steps that are due, unless a batch is running. Returns when the next of the others is
   * due, boot clock; undefined if none waits.
   */
  start(steps: readonly HostStep[], context: StepContext): number | undefined {
    const due = this.#pace.selectDue(steps, this.#ports.clock.bootMs());
    if (due.steps.length > 0 && !this.#isBusy) void this.#runBatch(selectBatch(due.steps), context);
    return due.nextMs;
  }

  async #runBatch(steps: readonly HostStep[], context: StepContext): Promise<void> {
    const { executor, clock, log, locks, onStart, onDone, onIdle } = this.#ports;
    const { feature } = context;
    this.#isBusy = true;
    for (const step of steps) {
      // The lock is read anew: one that was added a moment ago is in force, its owner has been told so.
      if (DISRUPTIVE_STEPS.has(step.kind) && locks.readText(feature) !== undefined) continue;
      onStart(step);
      this.#pace.recordRun(step, clock.bootMs());
      try {
        const text = await executor.run(step, context);
        if (text !== '') onDone(step, text);
      } catch (error) {
        // The step is still to be done: the next reconcile plans it again, and its back-off says when.
        log.error(`${feature}: ${step.kind} failed: ${(error as Error).message}`);
        break;
      }
    }
    this.#isBusy = false;
    onIdle();
  }
}

/**
 * What may be done on one reading: all quick steps together; else one disruptive step by itself; else those in the
 * background, of which clean-up may take minutes. After each batch the feature is reconciled again.
 */
function selectBatch(steps: readonly HostStep[]): readonly HostStep[] {
  const quick = steps.filter(({ kind }) => !DISRUPTIVE_STEPS.has(kind) && !BACKGROUND_STEPS.has(kind));
  if (quick.length > 0) return quick;
  const disruptive = steps.find(({ kind }) => DISRUPTIVE_STEPS.has(kind));
  return disruptive === undefined ? steps : [disruptive];
}
