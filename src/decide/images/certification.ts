/**
 * Whether the image that runs becomes golden (contract.md, section 8, "Certified golden"): by an unbroken chain of healthy
 * heartbeats, not by a timer and a text search as the shipped daemon has it (D18).
 */
import type { CertificationVerdict } from '../../contract/feature/daemon-view.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import { shortImageId } from '../../contract/images/image.ts';
import { describeDuration } from '../../text/duration-text.ts';
import type { RankVerdict } from './image-rank.ts';
import { advanceChain, type ChainInput, type HeartbeatChain } from './heartbeat-chain.ts';

export interface CertificationInput extends ChainInput {
  /** What its rung says, before any time is looked at. */
  readonly rank: RankVerdict | undefined;
  readonly policy: Pick<ImagePolicy, 'isDisabled' | 'activeTimeToMarkGoodMs'>;
}

export interface Certification {
  /** For the next reconcile, also while the policy is off: the time counts once it is on. */
  readonly heartbeatChain: HeartbeatChain | undefined;
  readonly verdict: CertificationVerdict;
}

/** `last` is what the previous call returned, which has to be called on every change of the rows. Total: nothing makes it throw. */
export function decideCertification(
  last: HeartbeatChain | undefined,
  input: CertificationInput,
): Certification {
  const { kept, counted } = advanceChain(last, input);
  return { heartbeatChain: kept, verdict: decideVerdict(counted, input) };
}

/** `chain` is a text on why there is none where there is none. */
function decideVerdict(chain: HeartbeatChain | string, input: CertificationInput): CertificationVerdict {
  const { rank, policy } = input;
  if (rank !== undefined) return rank;
  const off = describeOff(policy);
  if (off !== undefined) return { kind: 'off', text: off };
  if (typeof chain === 'string') return { kind: 'not-counting', text: chain };
  return decideByTime(chain, policy.activeTimeToMarkGoodMs);
}

/** Counts up to the last heartbeat: the time since then is not known to be healthy yet. */
function decideByTime({ fromMs, beatMs, imageId }: HeartbeatChain, neededMs: number): CertificationVerdict {
  const healthyMs = beatMs - fromMs;
  const image = `image ${shortImageId(imageId)}`;
  const needed = `${describeDuration(neededMs)} (active_time_to_mark_good)`;
  if (healthyMs >= neededMs) {
    const text = `${image} was healthy without a break for ${describeDuration(healthyMs)}, of ${needed}: it becomes golden`;
    return { kind: 'certified', text, healthyMs };
  }
  // The text holds no time that passes: it would differ at every reconcile.
  const text = `${image} is healthy, and becomes golden after ${needed} without a break`;
  return { kind: 'counting', text, fromMs, neededMs };
}

function describeOff({
  isDisabled,
  activeTimeToMarkGoodMs,
}: CertificationInput['policy']): string | undefined {
  if (isDisabled) return 'IMAGE_MGMT has Disable = true: no image becomes golden until that is false';
  if (activeTimeToMarkGoodMs > 0) return undefined;
  return 'active_time_to_mark_good is 0: no image becomes golden by time until IMAGE_MGMT sets one';
}
