/**
 * For how long something has been failing. An image has a leaky account: failing adds, being well takes away as fast,
 * anything else leaves it. So one that fails for all of the limit is told at the limit, one that flaps is told if it fails
 * more than it is well, and none is told for a blip. Nothing deployed counts without a break, as the HLD's
 * `kube_failure_detection` has it ("not running for N minutes").
 */
import type { FailureCause } from '../../contract/feature/daemon-view.ts';
import type { FeatureCondition } from './feature-condition.ts';

/** Lives in memory only: what nobody watched is held against nobody. Times are boot clock, milliseconds. */
export interface LeakyBucket {
  /** The image that the account is of; empty until there is one. */
  readonly subject: string;
  readonly failingMs: number;
  /** Why it failed last; undefined until it has. */
  readonly cause: FailureCause | undefined;
  readonly notDeployedMs: number;
  readonly asOfMs: number;
  /** What the time since `asOfMs` counts for, until the next look says otherwise. */
  readonly kind: 'failing' | 'well' | 'neutral' | 'not-deployed';
}

/** A gap beyond this is a daemon that was stopped or starved: what happened meanwhile it does not know. */
export const LONGEST_STEP_MS = 60_000;
/** So that time which does count is never lost to that. */
export const RECONCILE_EVERY_MS = 30_000;

const NOTHING: Omit<LeakyBucket, 'asOfMs'> = {
  subject: '',
  failingMs: 0,
  cause: undefined,
  notDeployedMs: 0,
  kind: 'neutral',
};

/** `before` is what the look before this returned. The time since counts for what was so then. */
export function advanceBucket(
  before: LeakyBucket | undefined,
  standing: FeatureCondition,
  nowMs: number,
): LeakyBucket {
  const passed = before === undefined ? { ...NOTHING, asOfMs: nowMs } : addElapsed(before, nowMs);
  const kind = decideFlow(standing);
  const { subject } = standing;
  const isAnother = (kind === 'failing' || kind === 'well') && subject !== passed.subject;
  return {
    ...passed,
    ...(isAnother ? { subject, failingMs: 0, cause: undefined } : {}),
    ...(standing.kind === 'failing' && kind === 'failing' ? { cause: standing.cause } : {}),
    notDeployedMs: kind === 'not-deployed' ? passed.notDeployedMs : 0,
    asOfMs: nowMs,
    kind,
  };
}

/** When to look again, boot clock: the limit would be reached, or the step would get too long. Undefined: it stands still. */
export function findRequeueMs(failing: LeakyBucket, limitMs: number): number | undefined {
  const counted = findRisingMs(failing);
  if (counted === undefined || counted >= limitMs) return undefined;
  return failing.asOfMs + Math.min(limitMs - counted, RECONCILE_EVERY_MS);
}

/** The account that rises now; undefined if none does. */
export function findRisingMs({ kind, failingMs, notDeployedMs }: LeakyBucket): number | undefined {
  switch (kind) {
    case 'failing':
      return failingMs;
    case 'not-deployed':
      return notDeployedMs;
    case 'well':
    case 'neutral':
      return undefined;
  }
}

function addElapsed(before: LeakyBucket, nowMs: number): LeakyBucket {
  const stepMs = Math.min(Math.max(nowMs - before.asOfMs, 0), LONGEST_STEP_MS);
  switch (before.kind) {
    case 'failing':
      return { ...before, failingMs: before.failingMs + stepMs };
    case 'not-deployed':
      return { ...before, notDeployedMs: before.notDeployedMs + stepMs };
    case 'well':
      return { ...before, failingMs: Math.max(before.failingMs - stepMs, 0) };
    case 'neutral':
      return before;
  }
}

const decideFlow = (standing: FeatureCondition): LeakyBucket['kind'] =>
  standing.kind === 'failing' && standing.cause === 'not-deployed' ? 'not-deployed' : standing.kind;
