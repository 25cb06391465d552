/** What an agent does when the guard of its heartbeat has failed: the record is not, or not all, its own any more. */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import type { Heartbeat } from '../../contract/health/heartbeat.ts';
import { findLiveHolder, isSelf, type Self } from './live-holder.ts';

export type Renewal =
  /** No other live holder is on record, and the application runs: the database came back empty, or somebody cleared it. */
  | { readonly kind: 'claim-again' }
  /** Another container has a live claim of the feature: this one must write nothing any more. */
  | { readonly kind: 'superseded'; readonly text: string };

export function decideRenewal(status: FeatureStatus, beat: Heartbeat, self: Self, now: BootTime): Renewal {
  const holder = findLiveHolder(status, beat, now);
  if (holder === undefined || isSelf(holder, self)) return { kind: 'claim-again' };
  const text = `superseded: container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, holds the feature`;
  return { kind: 'superseded', text };
}
