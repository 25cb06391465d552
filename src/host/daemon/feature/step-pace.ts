import { findEarliest } from '../../../contract/timestamps.ts';
import { decideBackoffMs, type BackoffTiming } from '../../../contract/backoff.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';

const BACKOFF: BackoffTiming = { firstMs: 1_000, longestMs: 60_000 };
/** A pull costs bandwidth and flash, and may take minutes. */
const PULL_BACKOFF: BackoffTiming = { firstMs: 60_000, longestMs: 3_600_000 };

const selectTiming = ({ kind }: HostStep): BackoffTiming =>
  kind === 'restore-image' ? PULL_BACKOFF : BACKOFF;

/** A step that was not run for so long, in times of its longest wait, begins anew with the shortest. */
const FORGET_AFTER = 2;

interface StepRun {
  readonly times: number;
  /** When it is forgotten. */
  readonly endMs: number;
  /** When it may be run again. */
  readonly dueMs: number;
}

export interface DueSteps {
  readonly steps: readonly HostStep[];
  /** Boot clock: when the first of the other steps may be run; undefined if there are none. */
  readonly nextMs: number | undefined;
}

/**
 * The back-off of each step. A step that is planned again right after it was run has failed or has changed nothing, so it is
 * run again at growing intervals, with jitter: what has failed for all features at once is not tried for all of them at once
 * again. Times are on the boot clock.
 */
export class StepPace {
  readonly #random: () => number;
  readonly #runs = new Map<string, StepRun>();

  /** `random` returns the jitter, in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The steps that may be run now. */
  selectDue(steps: readonly HostStep[], nowMs: number): DueSteps {
    for (const [key, { endMs }] of this.#runs) if (nowMs > endMs) this.#runs.delete(key);
    const due = steps.filter((step) => this.#findDueMs(step) <= nowMs);
    const later = steps.filter((step) => !due.includes(step)).map((step) => this.#findDueMs(step));
    return { steps: due, nextMs: findEarliest(later) };
  }

  recordRun(step: HostStep, nowMs: number): void {
    const key = identifyStep(step);
    const times = (this.#runs.get(key)?.times ?? 0) + 1;
    const timing = selectTiming(step);
    const dueMs = nowMs + decideBackoffMs(timing, times, this.#random());
    this.#runs.set(key, { times, endMs: nowMs + FORGET_AFTER * timing.longestMs, dueMs });
  }

  #findDueMs(step: HostStep): number {
    return this.#runs.get(identifyStep(step))?.dueMs ?? 0;
  }
}

/** The same text for a step that is planned again: without its time, and without texts that time changes. */
function identifyStep(step: HostStep): string {
  switch (step.kind) {
    case 'adopt-shipped':
    case 'certify':
      return `${step.kind} ${step.image.imageId}`;
    case 'restore-image':
      return `${step.kind} ${step.imageId}`;
    case 'finish-fallback':
      return `${step.kind} ${step.fallback.imageId}`;
    case 'fall-back':
      return `${step.kind} ${step.fallback?.imageId ?? ''}`;
    case 'release':
      return `${step.kind} ${step.claim.dockerId} ${step.claim.token}`;
    case 'record-repository':
    case 'record-local-repository':
    case 'write-versions':
    case 'name-image':
    case 'tag-as-local':
    case 'remove-local-container':
    case 'clean-up':
    case 'lift-block':
    case 'lift-operator-block':
    case 'block-version':
    case 'pin-image':
    case 'unpin-image':
    case 'return-name':
    case 'write-label':
    case 'restart':
      return JSON.stringify(step);
  }
}
