/** Why a feature that has reached the limit does not fall back. Every text says what lifts the refusal. */
import { removeLockCommand, unblockVersionCommand } from '../../text/operator-commands.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { describeDuration } from '../../text/duration-text.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import type { LocalTargetFinding } from '../images/local-target.ts';
import type { FeatureCondition } from './condition.ts';

/** Milliseconds. */
export interface FallbackTiming {
  /** Between two fallbacks of a feature: each restarts its service, and a switch that falls back often has another fault. */
  readonly coolDownMs: number;
  /** After the daemon's start: containers and heartbeats may still be coming up with it. */
  readonly daemonGraceMs: number;
}

export const COOL_DOWN_MS = 1_800_000;
export const DAEMON_GRACE_MS = 60_000;
export const DEFAULT_FALLBACK_TIMING: FallbackTiming = {
  coolDownMs: COOL_DOWN_MS,
  daemonGraceMs: DAEMON_GRACE_MS,
};

export interface RefusalInput {
  readonly feature: string;
  readonly condition: FeatureCondition;
  readonly now: BootTime;
  readonly policy: Pick<ImagePolicy, 'noFallbackToLocal' | 'isDisabled'>;
  readonly ledger: FeatureLedger;
  readonly lockText: string | undefined;
  /** What it would fall back to, if it may. */
  readonly target: LocalTargetFinding;
  readonly daemonStartedMs: number;
  readonly lastFallbackMs: number | undefined;
  readonly timing: FallbackTiming;
}

export interface Refusal {
  readonly text: string;
  /** Boot clock; left out where time does not lift it. */
  readonly untilMs?: number;
}

/** The first reason not to fall back; undefined if there is none. */
export function findRefusal(input: RefusalInput): Refusal | undefined {
  const { policy, feature, lockText, target, condition, ledger } = input;
  if (policy.noFallbackToLocal)
    return {
      text: `CONFIG_DB FEATURE|${feature} no_fallback_to_local is true. To allow it: set it to false`,
    };
  if (policy.isDisabled)
    return {
      text: 'CONFIG_DB IMAGE_MGMT Disable is true: images are left alone. To allow it: set it to false',
    };
  if (lockText !== undefined) return { text: `${lockText}. To lift it: ${removeLockCommand(feature)}` };
  const fallback = findOpenFallback(ledger, condition.imageId);
  if (fallback !== undefined)
    return {
      text: `image ${shortImageId(condition.imageId)} has been fallen back from already, once is all. To lift it: ${unblockVersionCommand(feature, fallback.version)}`,
    };
  return 'why' in target ? { text: target.why } : findWait(input);
}

/** The cool-down after a fallback, and the grace after the daemon's start: only time lifts them. */
function findWait({
  ledger,
  now,
  daemonStartedMs,
  lastFallbackMs,
  timing,
}: RefusalInput): Refusal | undefined {
  const fallbacksMs = ledger.fallbacks
    .filter(({ bootId, bootMs }) => bootId === now.bootId && bootMs <= now.bootMs)
    .map(({ bootMs }) => bootMs);
  const cooledAtMs = Math.max(lastFallbackMs ?? -Infinity, ...fallbacksMs) + timing.coolDownMs;
  const describeWait = (untilMs: number): string => `in ${describeDuration(untilMs - now.bootMs)} it may`;
  if (now.bootMs < cooledAtMs)
    return {
      text: `the feature fell back a short while ago; ${describeWait(cooledAtMs)} again`,
      untilMs: cooledAtMs,
    };
  const graceOverAtMs = daemonStartedMs + timing.daemonGraceMs;
  if (now.bootMs < graceOverAtMs)
    return { text: `the daemon has just started; ${describeWait(graceOverAtMs)}`, untilMs: graceOverAtMs };
  return undefined;
}
