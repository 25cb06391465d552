import { isOwner, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  overdueAtMs,
  type Heartbeat,
} from '../../contract/health/heartbeat.ts';

/** Whoever runs the feature now, as far as the record tells. */
export interface Holder {
  readonly owner: string;
  readonly dockerId: string;
  /** Empty for a holder of the shipped kit, which knows no token. */
  readonly token: string;
  readonly version: string;
  /** Boot clock; undefined for a holder that counts as live until it is cleared. */
  readonly liveUntilMs: number | undefined;
}

/** Who a gate or an agent is, to tell itself from other holders. */
export interface Self {
  readonly dockerId: string;
  readonly token: string;
}

/**
 * The live holder of a feature, or undefined: then it blocks nobody (contract.md, section 2, "A holder is live").
 */
export function findLiveHolder(status: FeatureStatus, beat: Heartbeat, now: BootTime): Holder | undefined {
  if (!isOwner(status.currentOwner) || status.dockerId === '') return undefined;
  if (status.claimBootId !== '' && status.claimBootId !== now.bootId) return undefined;
  const isBeating = status.claimToken !== '' && beat.token === status.claimToken;
  // The shipped kit has claimed for another owner over a claim of ours, whose fields it left standing.
  const isOverwritten = isBeating && beat.owner !== '' && beat.owner !== status.currentOwner;
  const holder = {
    owner: status.currentOwner,
    dockerId: (isOverwritten && status.containerId) || status.dockerId,
    token: isOverwritten ? '' : status.claimToken,
    version: (!isOverwritten && isBeating && beat.version) || status.containerVersion,
  };
  if (holder.token === '') return { ...holder, liveUntilMs: undefined };

  const intervalMs = isBeating ? beat.intervalMs : DEFAULT_HEARTBEAT_INTERVAL_MS;
  const signsOfLife = [status.claimMs, isBeating ? beat.beatMs : undefined].filter(
    // A sign from the future is none: it would keep a dead holder live for as long as it likes.
    (ms): ms is number => ms !== undefined && ms <= now.bootMs + intervalMs,
  );
  const liveUntilMs = overdueAtMs({ beatMs: Math.max(...signsOfLife), intervalMs });
  return now.bootMs < liveUntilMs ? { ...holder, liveUntilMs } : undefined;
}

/** Two containers whose ids are unknown are two containers. */
export const isSelf = (holder: Holder, self: Self): boolean =>
  (holder.token !== '' && holder.token === self.token) ||
  (holder.dockerId === self.dockerId && self.dockerId !== 'unknown');

/** Tells one holding from the next, of the shipped kit's too. */
export const describeIdentity = (holder: Holder | undefined): string =>
  holder === undefined ? '' : `${holder.dockerId}/${holder.token}`;
