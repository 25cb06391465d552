/** What an agent does when the guard of its heartbeat has failed: the record is not, or not all, its own any more. */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import type { StoreObservation } from './observation.ts';
import { findLiveHolder, isSelf, type Holder, type Self } from './live-holder.ts';
import { findLostRecord } from './lost-record.ts';

export type Renewal =
  /**
   * No other live holder is on record, or one from before the own claim, and the application runs: the database came back
   * empty or with old data, or somebody cleared it.
   */
  | { readonly kind: 'claim-again' }
  /** Another holder may be live, and this agent has not watched for long enough: nothing is written, and it asks again. */
  | { readonly kind: 'wait' }
  /**
   * Another container has a live claim of the feature: this one must write nothing while that is so. `isReplaced` where it has
   * claimed after this one, or gave a sign of life since: then only a restart, which meets the gate, makes this one right again.
   */
  | { readonly kind: 'superseded'; readonly text: string; readonly isReplaced: boolean };

export interface RenewalInput {
  readonly status: FeatureStatus;
  readonly heartbeat: Heartbeat;
  /** `startedMs`: the boot clock's time of the claim. */
  readonly self: Self & { readonly startedMs: number };
  /** This agent's own, with the look that read the rows. */
  readonly observation: StoreObservation;
  /** It has not even tried to beat for a whole lease, as it was frozen, and has not beaten since: it may have been replaced. */
  readonly wasFrozen: boolean;
  readonly now: BootTime;
}

export function decideRenewal(input: RenewalInput): Renewal {
  const { status, heartbeat, self, observation, now } = input;
  const holder = findLiveHolder(status, heartbeat, now, observation);
  if (holder === undefined && input.wasFrozen && findLostRecord(input) !== undefined) return { kind: 'wait' };
  if (holder === undefined || isSelf(holder, self)) return { kind: 'claim-again' };
  const isOverdue = findLiveHolder(status, heartbeat, now) === undefined;
  const isReplaced = !isFromBefore(input, holder);
  // A claim of owner local asks nobody: it may have been begun before the own one, and be the later one.
  if (!isReplaced && (isOverdue || holder.owner === 'kube')) return { kind: 'claim-again' };
  if (isOverdue) return { kind: 'wait' };
  const text = `superseded: container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, holds the feature`;
  return { kind: 'superseded', text, isReplaced };
}

/**
 * No sign of life of it is later than the own claim, which was made over it: the database says what was before that. A gate
 * waits for one lease for who is on record, so this agent must not.
 */
function isFromBefore({ status, heartbeat, self }: RenewalInput, { token }: Holder): boolean {
  if (token === '') return false;
  const signsOfLife = [status.claimMs, heartbeat.token === token ? heartbeat.beatMs : undefined];
  return signsOfLife.every((ms) => ms === undefined || ms < self.startedMs);
}
