/** What an agent does when the guard of its heartbeat has failed: the record is not, or not all, its own any more. */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import type { StoreObservation } from './observation.ts';
import { findLiveHolder, isSelf, type Self } from './live-holder.ts';

export type Renewal =
  /** No other live holder is on record, and the application runs: the database came back empty, or somebody cleared it. */
  | { readonly kind: 'claim-again' }
  /** Another holder is overdue, but this agent has not watched it for long enough: nothing is written, and it asks again. */
  | { readonly kind: 'wait' }
  /** Another container has a live claim of the feature: this one must write nothing any more. */
  | { readonly kind: 'superseded'; readonly text: string };

export interface RenewalInput {
  readonly status: FeatureStatus;
  readonly heartbeat: Heartbeat;
  readonly self: Self;
  /** This agent's own, with the look that read the rows. */
  readonly observation: StoreObservation;
  readonly now: BootTime;
}

export function decideRenewal({ status, heartbeat, self, observation, now }: RenewalInput): Renewal {
  const holder = findLiveHolder(status, heartbeat, now, observation);
  if (holder === undefined || isSelf(holder, self)) return { kind: 'claim-again' };
  if (findLiveHolder(status, heartbeat, now) === undefined) return { kind: 'wait' };
  const text = `superseded: container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, holds the feature`;
  return { kind: 'superseded', text };
}
