/**
 * How long an image has been failing, as a leaky bucket: it fills while the image fails, drains at the same rate while it
 * is healthy, and holds its level otherwise. An image that fails all the time reaches the limit at the limit; an image
 * that flaps reaches it if it fails longer than it is healthy; a short failure drains away. "Nothing is deployed" is a
 * plain timer beside it, which anything else that is seen resets (HLD, "Feature configuration": not running for N minutes).
 *
 * Time that no daemon watched counts against no image.
 */
import type { FailureCause } from '../../contract/feature/daemon-view.ts';
import type { FeatureCondition } from './condition.ts';

/** The bucket of one feature. Times are milliseconds, `asOfMs` on the boot clock. */
export interface LeakyBucket {
  /** The image that the level is of; empty until one was failing or healthy. */
  readonly imageId: string;
  readonly levelMs: number;
  /** Why the image failed last; undefined until it has. */
  readonly cause: FailureCause | undefined;
  /** How long nothing has been deployed, without a break. */
  readonly notDeployedMs: number;
  readonly asOfMs: number;
  /** What the time from `asOfMs` on does, until the next reconcile. `not-deployed` runs the timer and holds the level. */
  readonly flow: 'fills' | 'drains' | 'holds' | 'not-deployed';
}

/** The daemon was stopped or starved for longer than this between two reconciles: it does not know what happened then. */
export const LONGEST_STEP_MS = 60_000;
/** Half of `LONGEST_STEP_MS`, so that a daemon that runs loses no time to that bound. */
export const RECONCILE_EVERY_MS = 30_000;

const EMPTY_BUCKET: Omit<LeakyBucket, 'asOfMs'> = {
  imageId: '',
  levelMs: 0,
  cause: undefined,
  notDeployedMs: 0,
  flow: 'holds',
};

/**
 * The bucket at `nowMs` (boot clock). `last` is what the previous reconcile returned, undefined for the first. The time
 * between the two counts by the condition that the previous one saw.
 */
export function advanceBucket(
  last: LeakyBucket | undefined,
  condition: FeatureCondition,
  nowMs: number,
): LeakyBucket {
  const advanced = last === undefined ? { ...EMPTY_BUCKET, asOfMs: nowMs } : addElapsed(last, nowMs);
  const flow = decideFlow(condition);
  const { imageId } = condition;
  const isOtherImage = (flow === 'fills' || flow === 'drains') && imageId !== advanced.imageId;
  return {
    ...advanced,
    ...(isOtherImage ? { imageId, levelMs: 0, cause: undefined } : {}),
    ...(condition.kind === 'failing' && flow === 'fills' ? { cause: condition.cause } : {}),
    notDeployedMs: flow === 'not-deployed' || isBlind(condition) ? advanced.notDeployedMs : 0,
    asOfMs: nowMs,
    flow,
  };
}

const isBlind = (condition: FeatureCondition): boolean => condition.kind === 'neutral' && condition.isBlind;

/** When to reconcile again, boot clock: the limit is reached, or the step gets too long. Undefined: nothing rises. */
export function findBucketRequeueMs(bucket: LeakyBucket, limitMs: number): number | undefined {
  const risingMs = findRisingMs(bucket);
  if (risingMs === undefined || risingMs >= limitMs) return undefined;
  return bucket.asOfMs + Math.min(limitMs - risingMs, RECONCILE_EVERY_MS);
}

/** The failing time that rises now, milliseconds as of `asOfMs`; undefined if none does. */
export function findRisingMs({ flow, levelMs, notDeployedMs }: LeakyBucket): number | undefined {
  switch (flow) {
    case 'fills':
      return levelMs;
    case 'not-deployed':
      return notDeployedMs;
    case 'drains':
    case 'holds':
      return undefined;
  }
}

/**
 * The bucket with no more in it than the limit: an image that failed for a day behind a lock and then got healthy does not
 * fall back for a blip. The limit is that of what rises now; the other time is left as it is. Under a limit of 0, never, an
 * image's level stays as it is: `config reload` empties the table of limits for a moment.
 */
export function capBucket(bucket: LeakyBucket, limitMs: number): LeakyBucket {
  if (bucket.flow === 'not-deployed')
    return { ...bucket, notDeployedMs: Math.min(bucket.notDeployedMs, limitMs) };
  if (limitMs === 0) return bucket.flow === 'fills' ? { ...bucket, flow: 'holds' } : bucket;
  return { ...bucket, levelMs: Math.min(bucket.levelMs, limitMs) };
}

function addElapsed(last: LeakyBucket, nowMs: number): LeakyBucket {
  const stepMs = Math.min(Math.max(nowMs - last.asOfMs, 0), LONGEST_STEP_MS);
  switch (last.flow) {
    case 'fills':
      return { ...last, levelMs: last.levelMs + stepMs };
    case 'drains':
      return { ...last, levelMs: Math.max(last.levelMs - stepMs, 0) };
    case 'not-deployed':
      return { ...last, notDeployedMs: last.notDeployedMs + stepMs };
    case 'holds':
      return last;
  }
}

function decideFlow(condition: FeatureCondition): LeakyBucket['flow'] {
  switch (condition.kind) {
    case 'failing':
      return condition.cause === 'not-deployed' ? 'not-deployed' : 'fills';
    case 'healthy':
      return 'drains';
    case 'neutral':
    case 'unknown':
      return 'holds';
  }
}
