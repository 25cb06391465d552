/** Whether an operator's lock is in force (contract.md, section 8). */
import type { FeatureLock } from '../../contract/feature/lock.ts';
import { describeDuration } from '../../text/duration-text.ts';
import type { Timestamps } from '../../contract/timestamps.ts';

export type LockVerdict =
  | {
      readonly kind: 'active';
      /** One line for people: whose lock it is, why, and for how long still. */
      readonly text: string;
      /** Left out of a lock that is in force until it is removed. */
      readonly remainingMs?: number;
    }
  | { readonly kind: 'expired' };

export function decideLock(lock: FeatureLock, now: Timestamps): LockVerdict {
  const ownerText = `locked by ${lock.owner} (${lock.reason})`;
  if (lock.forMs === 0) return { kind: 'active', text: `${ownerText} until the lock is removed` };
  const remainingMs = lock.forMs - findElapsedMs(lock, now);
  if (remainingMs <= 0) return { kind: 'expired' };
  return { kind: 'active', text: `${ownerText} for ${describeDuration(remainingMs)} still`, remainingMs };
}

/**
 * Time since the lock was set. Within one boot the boot clock measures it. Across boots only the wall clock can, and that
 * may have been set back; but the lock is at least as old as this boot. So a lock lasts too long rather than too short, and
 * never longer than its own length from this boot on. A wall clock that runs ahead looks the same as time that has passed.
 */
function findElapsedMs(lock: FeatureLock, now: Timestamps): number {
  if (lock.bootId === now.bootId) return Math.max(now.bootMs - lock.bootMs, 0);
  return Math.max(now.wallMs - lock.sinceTs * 1_000, now.bootMs);
}
