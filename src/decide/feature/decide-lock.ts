/** Does an operator's lock still hold? (contract.md, section 8.) */
import type { FeatureLock } from '../../contract/feature/lock.ts';
import { describeDuration } from '../../text/duration-text.ts';
import type { Timestamps } from '../../contract/timestamps.ts';

export type LockVerdict =
  | {
      readonly kind: 'held';
      /** One line for people: whose it is, why, and for how long still. */
      readonly text: string;
      /** Left out of a lock that holds until it is removed. */
      readonly remainingMs?: number;
    }
  | { readonly kind: 'over' };

export function decideLock(lock: FeatureLock, now: Timestamps): LockVerdict {
  const whose = `locked by ${lock.owner} (${lock.reason})`;
  if (lock.forMs === 0) return { kind: 'held', text: `${whose} until the lock is removed` };
  const remainingMs = lock.forMs - findElapsedMs(lock, now);
  if (remainingMs <= 0) return { kind: 'over' };
  return { kind: 'held', text: `${whose} for ${describeDuration(remainingMs)} still`, remainingMs };
}

/**
 * Of one boot the boot clock tells. Of another one only the wall clock does, which may have been set back meanwhile: then
 * the lock is at least as old as this boot, because it was set before it. So it holds too long rather than too short, and
 * never longer than its own length from this boot on. A wall clock that runs ahead can't be told from time that passed.
 */
function findElapsedMs(lock: FeatureLock, now: Timestamps): number {
  if (lock.bootId === now.bootId) return Math.max(now.bootMs - lock.bootMs, 0);
  return Math.max(now.wallMs - lock.sinceTs * 1_000, now.bootMs);
}
