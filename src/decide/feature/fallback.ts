/**
 * Whether a feature falls back to its local image now (contract.md, section 8, "Fallback"; HLD, "Failure mode detection &
 * rollback"): when what Kubernetes deployed fails now and has failed for the time of the policy, at most once an image.
 */
import { findEarliest, type BootTime } from '../../contract/timestamps.ts';
import type { FailureCause, FallbackVerdict } from '../../contract/feature/daemon-view.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { describeDuration } from '../../text/duration-text.ts';
import type { LocalTargetFinding } from '../images/local-target.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import { findRefusal, type FallbackTiming, type Refusal } from './fallback-refusal.ts';
import type { FeatureCondition } from './condition.ts';
import {
  advanceBucket,
  capBucket,
  findBucketRequeueMs,
  findRisingMs,
  type LeakyBucket,
} from './leaky-bucket.ts';

export interface FallbackInput {
  readonly feature: string;
  readonly condition: FeatureCondition;
  /** The result of the previous reconcile; undefined for the first of this boot. */
  readonly bucket: LeakyBucket | undefined;
  readonly now: BootTime;
  readonly policy: Pick<
    ImagePolicy,
    'failTimeToFallbackMs' | 'kubeFailureDetectionMs' | 'noFallbackToLocal' | 'isDisabled'
  >;
  readonly ledger: FeatureLedger;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
  /** What it would fall back to, if it may. */
  readonly target: LocalTargetFinding;
  /** Boot clock. */
  readonly daemonStartedMs: number;
  /** Boot clock, of the feature's last fallback by this daemon: one for `not-deployed` is in no ledger. */
  readonly lastFallbackMs: number | undefined;
  readonly timing: FallbackTiming;
}

export interface FallbackDecision {
  /** For the next reconcile's `bucket`. */
  readonly bucket: LeakyBucket;
  readonly verdict: FallbackVerdict;
  /** Boot clock: when time alone may change the verdict; undefined if it does not. */
  readonly requeueAtMs: number | undefined;
}

/** Total: every input gets a verdict. */
export function decideFallback(input: FallbackInput): FallbackDecision {
  const { condition, now } = input;
  const limitMs = findLimitMs(input);
  const bucket = capBucket(advanceBucket(input.bucket, condition, now.bootMs), limitMs);
  const refusal = findRefusal(input);
  const verdict = decideVerdict(input, { bucket, limitMs, refusal });
  const refusedUntilMs = verdict.kind === 'refused' ? refusal?.untilMs : undefined;
  const times = [condition.requeueAtMs, findBucketRequeueMs(bucket, limitMs), refusedUntilMs];
  return { bucket, verdict, requeueAtMs: findEarliest(times) };
}

const isNotDeployed = (condition: FeatureCondition): boolean =>
  condition.kind === 'failing' && condition.cause === 'not-deployed';

/** The limit of what fails now, else that of an image; 0: never. */
const findLimitMs = ({ condition, policy }: FallbackInput): number =>
  isNotDeployed(condition) ? policy.kubeFailureDetectionMs : policy.failTimeToFallbackMs;

interface Progress {
  readonly bucket: LeakyBucket;
  readonly limitMs: number;
  readonly refusal: Refusal | undefined;
}

function decideVerdict(input: FallbackInput, progress: Progress): FallbackVerdict {
  const { condition, policy } = input;
  const isNever = policy.failTimeToFallbackMs === 0 && policy.kubeFailureDetectionMs === 0;
  if (progress.limitMs === 0 && (isNever || condition.kind === 'failing'))
    return { kind: 'off', text: describeOff(input) };
  return condition.kind === 'failing'
    ? decideFailing(condition, progress)
    : decideNotFailing(condition, progress, input.ledger);
}

function decideFailing(
  { cause, text }: { readonly cause: FailureCause; readonly text: string },
  { bucket, limitMs, refusal }: Progress,
): FallbackVerdict {
  const failingMs = findRisingMs(bucket) ?? 0;
  if (failingMs < limitMs)
    return { kind: 'failing', cause, text, failingMs, limitMs, asOfMs: bucket.asOfMs, isRising: true };
  if (refusal !== undefined) return { kind: 'refused', cause, text: refusal.text };
  return {
    kind: 'fall-back',
    cause,
    text: `${text}; failing time ${describeDuration(failingMs)}, the limit`,
  };
}

/**
 * A failure is suspended, not over, while the image that failed is still there and its health is unknown, and while nothing
 * can be seen at all.
 */
function decideNotFailing(
  condition: FeatureCondition,
  { bucket, limitMs }: Progress,
  ledger: FeatureLedger,
): FallbackVerdict {
  const { levelMs: failingMs, cause, asOfMs, imageId } = bucket;
  const isSuspended =
    condition.kind !== 'healthy' &&
    imageId !== '' &&
    (condition.imageId === imageId || (condition.kind === 'neutral' && condition.isBlind)) &&
    findOpenFallback(ledger, imageId) === undefined;
  if (!isSuspended || failingMs === 0 || cause === undefined)
    return { kind: condition.kind === 'unknown' ? 'unknown' : 'well', text: condition.text };
  const text = `${condition.text}; it failed before (${cause})`;
  return { kind: 'failing', cause, text, failingMs, limitMs, asOfMs, isRising: false };
}

const describeOff = ({ condition, feature }: FallbackInput): string =>
  isNotDeployed(condition)
    ? `${condition.text}; CONFIG_DB FEATURE|${feature} kube_failure_detection is 0: it never falls back for that`
    : `${condition.text}; CONFIG_DB IMAGE_MGMT fail_time_to_fallback is 0: it never falls back`;
