/**
 * Back to the local image? (contract.md, section 8, "Fallback"; HLD, "Failure mode detection & rollback".) Only for
 * what fails now, and has for as long as the policy says; once an image.
 */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FallbackVerdict } from '../../contract/feature/daemon-view.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { describeDuration } from '../../text/duration-text.ts';
import { advanceBucket, findRisingMs, findRequeueMs, type LeakyBucket } from './leaky-bucket.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import type { FeatureCondition } from './feature-condition.ts';

export interface FallbackTiming {
  /** Between two fallbacks of a feature: each restarts its service, and a switch that falls back often has another fault. */
  readonly coolDownMs: number;
  /** A daemon that has just started has not seen enough: containers and heartbeats may still be coming up with it. */
  readonly daemonGraceMs: number;
}

export const COOL_DOWN_MS = 1_800_000;
export const DAEMON_GRACE_MS = 60_000;
export const DEFAULT_TIMING: FallbackTiming = { coolDownMs: COOL_DOWN_MS, daemonGraceMs: DAEMON_GRACE_MS };

export interface FallbackInput {
  readonly feature: string;
  readonly standing: FeatureCondition;
  /** What the last look returned; undefined for the first of this daemon. */
  readonly before: LeakyBucket | undefined;
  readonly now: BootTime;
  readonly policy: ImagePolicy;
  readonly ledger: FeatureLedger;
  /** An operator's lock, one line; undefined if there is none. */
  readonly lockText: string | undefined;
  /** What a fallback would run; undefined if there is no such image. */
  readonly localImageId: string | undefined;
  /** Boot clock. */
  readonly daemonStartedMs: number;
  /** Boot clock, of the feature's last fallback by this daemon: one for `not-deployed` is in no ledger. */
  readonly lastFallbackMs: number | undefined;
  readonly timing?: FallbackTiming;
}

export interface FallbackDecision {
  /** To be handed in with the next look. */
  readonly failing: LeakyBucket;
  readonly verdict: FallbackVerdict;
  /** Boot clock: when time alone may change the verdict. */
  readonly requeueAtMs: number | undefined;
}

export function decideFallback(input: FallbackInput): FallbackDecision {
  const { before, standing, now } = input;
  const limitMs = findLimitMs(input);
  const failing = capBucket(advanceBucket(before, standing, now.bootMs), limitMs);
  const refusal = findRefusal(input);
  const verdict = decideVerdict(input, { failing, limitMs, refusal });
  const waits = verdict.kind === 'refused' ? refusal?.untilMs : undefined;
  const looks = [standing.requeueAtMs, findRequeueMs(failing, limitMs), waits].filter(
    (ms) => ms !== undefined,
  );
  return { failing, verdict, requeueAtMs: looks.length === 0 ? undefined : Math.min(...looks) };
}

/** Of what fails now, or else of images; 0: never. */
const findLimitMs = ({ standing, policy }: FallbackInput): number =>
  standing.kind === 'failing' && standing.cause === 'not-deployed'
    ? policy.kubeFailureDetectionMs
    : policy.failTimeToFallbackMs;

/**
 * No more than the limit is kept: an image that failed for a day behind a lock, and then got well, does not go for a blip.
 * The account that the limit is not of keeps what it has.
 */
function capBucket(failing: LeakyBucket, limitMs: number): LeakyBucket {
  if (failing.kind === 'not-deployed')
    return { ...failing, notDeployedMs: Math.min(failing.notDeployedMs, limitMs) };
  return { ...failing, failingMs: Math.min(failing.failingMs, limitMs) };
}

interface Refusal {
  readonly text: string;
  /** Boot clock; undefined for one that time does not lift. */
  readonly untilMs?: number;
}

interface Reckoning {
  readonly failing: LeakyBucket;
  readonly limitMs: number;
  readonly refusal: Refusal | undefined;
}

function decideVerdict(
  { standing, policy, feature, ledger }: FallbackInput,
  reckoning: Reckoning,
): FallbackVerdict {
  const { failing, limitMs, refusal } = reckoning;
  const { text } = standing;
  const isNever = policy.failTimeToFallbackMs === 0 && policy.kubeFailureDetectionMs === 0;
  if (limitMs === 0 && (isNever || standing.kind === 'failing'))
    return { kind: 'off', text: describeOff(standing, feature) };
  if (standing.kind !== 'failing') return decideVerdictWithoutFailure(standing, reckoning, ledger);
  const { cause } = standing;
  const failingMs = findRisingMs(failing) ?? 0;
  if (failingMs < limitMs)
    return { kind: 'failing', cause, text, failingMs, limitMs, asOfMs: failing.asOfMs, isRising: true };
  if (refusal !== undefined) return { kind: 'refused', cause, text: refusal.text };
  return {
    kind: 'fall-back',
    cause,
    text: `${text}; failing time ${describeDuration(failingMs)}, the limit`,
  };
}

/** Nothing fails at this moment. What failed is not over while its image is still there and nothing is known of it. */
function decideVerdictWithoutFailure(
  standing: FeatureCondition,
  { failing, limitMs }: Reckoning,
  ledger: FeatureLedger,
): FallbackVerdict {
  const { failingMs, cause, asOfMs, subject } = failing;
  const isSuspended = standing.kind === 'neutral' && standing.subject === subject && subject !== '';
  if (
    !isSuspended ||
    failingMs === 0 ||
    cause === undefined ||
    findOpenFallback(ledger, subject) !== undefined
  )
    return { kind: 'well', text: standing.text };
  const text = `${standing.text}; it failed before (${cause})`;
  return { kind: 'failing', cause, text, failingMs, limitMs, asOfMs, isRising: false };
}

const describeOff = (standing: FeatureCondition, feature: string): string =>
  standing.kind === 'failing' && standing.cause === 'not-deployed'
    ? `${standing.text}; CONFIG_DB FEATURE|${feature} kube_failure_detection is 0: it never falls back for that`
    : `${standing.text}; CONFIG_DB IMAGE_MGMT fail_time_to_fallback is 0: it never falls back`;

/** The first thing that is in the way. The text says what lifts it. */
function findRefusal(input: FallbackInput): Refusal | undefined {
  const { policy, feature, lockText, localImageId, standing, ledger } = input;
  if (policy.noFallbackToLocal)
    return {
      text: `CONFIG_DB FEATURE|${feature} no_fallback_to_local is true. To allow it: set it to false`,
    };
  if (policy.isDisabled)
    return {
      text: 'CONFIG_DB IMAGE_MGMT Disable is true: images are left alone. To allow it: set it to false',
    };
  if (lockText !== undefined) return { text: `${lockText}. To lift it: ctrkit lock rm ${feature}` };
  if (localImageId === undefined)
    return { text: `there is no local image to fall back to. To allow it: give ${feature} one` };
  const bad = findOpenFallback(ledger, localImageId);
  if (bad !== undefined)
    return {
      text: `the local image ${shortImageId(localImageId)} was itself fallen back from. To lift that: ctrkit unblock ${feature} ${bad.version}`,
    };
  return findRefusalOfImage(input, standing.subject) ?? findWait(input);
}

function findRefusalOfImage(
  { ledger, feature, localImageId }: FallbackInput,
  imageId: string,
): Refusal | undefined {
  if (imageId === '') return undefined;
  const name = shortImageId(imageId);
  const past = findOpenFallback(ledger, imageId);
  if (past !== undefined)
    return {
      text: `image ${name} has been fallen back from already, once is all. To lift it: ctrkit unblock ${feature} ${past.version}`,
    };
  if (ledger.golden?.imageId === imageId)
    return {
      text: `image ${name} is the golden one itself: there is nothing better to go back to. Deploy another one`,
    };
  if (localImageId === imageId)
    return {
      text: `image ${name} is the local one too: falling back would start it again. Deploy another one`,
    };
  return undefined;
}

/** What only time lifts. */
function findWait({
  ledger,
  now,
  daemonStartedMs,
  lastFallbackMs,
  timing = DEFAULT_TIMING,
}: FallbackInput): Refusal | undefined {
  const ofThisBoot = ledger.fallbacks
    .filter(({ bootId, bootMs }) => bootId === now.bootId && bootMs <= now.bootMs)
    .map(({ bootMs }) => bootMs);
  const cooledAtMs = Math.max(lastFallbackMs ?? -Infinity, ...ofThisBoot) + timing.coolDownMs;
  const told = (untilMs: number): string => `in ${describeDuration(untilMs - now.bootMs)} it may`;
  if (now.bootMs < cooledAtMs)
    return {
      text: `the feature fell back a short while ago; ${told(cooledAtMs)} again`,
      untilMs: cooledAtMs,
    };
  const seenAtMs = daemonStartedMs + timing.daemonGraceMs;
  if (now.bootMs < seenAtMs)
    return { text: `the daemon has just started; ${told(seenAtMs)}`, untilMs: seenAtMs };
  return undefined;
}
