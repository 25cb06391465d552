import { decideBackoffMs, type BackoffTiming } from '../../../loop/backoff.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';

const BACKOFF: BackoffTiming = { firstMs: 1_000, longestMs: 60_000 };
/** What was not planned for so long is another occasion. */
const FORGET_AFTER_MS = 2 * BACKOFF.longestMs;

interface Run {
  readonly times: number;
  readonly atMs: number;
}

/**
 * A step that is planned again right after it was run has failed, or changed nothing: it is run again, but less and less
 * often. Times are boot clock.
 */
export class StepPace {
  readonly #runs = new Map<string, Run>();

  /** The steps that may be run now, and when the first of the others may. */
  selectDue(
    steps: readonly HostStep[],
    nowMs: number,
  ): { readonly steps: readonly HostStep[]; readonly nextMs: number | undefined } {
    for (const [key, { atMs }] of this.#runs) if (nowMs - atMs > FORGET_AFTER_MS) this.#runs.delete(key);
    const due = steps.filter((step) => this.dueMs(step) <= nowMs);
    const later = steps.filter((step) => !due.includes(step)).map((step) => this.dueMs(step));
    return { steps: due, nextMs: later.length === 0 ? undefined : Math.min(...later) };
  }

  recordRun(step: HostStep, nowMs: number): void {
    const key = keyOf(step);
    this.#runs.set(key, { times: (this.#runs.get(key)?.times ?? 0) + 1, atMs: nowMs });
  }

  private dueMs(step: HostStep): number {
    const run = this.#runs.get(keyOf(step));
    if (run === undefined) return 0;
    return run.atMs + decideBackoffMs(BACKOFF, run.times);
  }
}

/** What the step is about, without the moment it was planned at. */
const keyOf = (step: HostStep): string => {
  switch (step.kind) {
    case 'adopt-shipped':
    case 'certify':
      return `${step.kind} ${step.image.imageId}`;
    case 'finish-fallback':
      return `${step.kind} ${step.fallback.imageId}`;
    case 'fall-back':
      return `${step.kind} ${step.fallback?.imageId ?? ''}`;
    case 'release':
      return `${step.kind} ${step.claim.dockerId} ${step.claim.token}`;
    case 'record-repository':
    case 'write-versions':
    case 'tag-as-local':
    case 'remove-local-container':
    case 'clean-up':
    case 'mark-duty-done':
    case 'lift-block':
    case 'block-version':
    case 'write-label':
    case 'restart':
      return JSON.stringify(step);
  }
};
