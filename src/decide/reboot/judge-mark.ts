/** What the record of a reboot means now. */
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import type { KubeletState, RebootKind, RebootMark } from '../../contract/reboot/reboot.ts';
import { toSeconds, type BootTime, type Timestamps } from '../../contract/timestamps.ts';

export type MarkVerdict =
  /** No reboot is under way. */
  | { readonly kind: 'none' }
  /** This boot is about to end: nothing that happens to a feature counts as its failure. */
  | { readonly kind: 'under-way' }
  /** The reboot has not come in time: what was prepared has to be taken back. */
  | { readonly kind: 'overdue' }
  /** This is the next boot: what was prepared has to be taken back. */
  | { readonly kind: 'rebooted' };

export function judgeMark(mark: RebootMark | undefined, now: BootTime): MarkVerdict {
  if (mark === undefined) return { kind: 'none' };
  if (mark.bootId !== now.bootId) return { kind: 'rebooted' };
  return { kind: isRebootExpected(mark.bootMs, now.bootMs) ? 'under-way' : 'overdue' };
}

/** What a preparation finds. */
export interface FoundNode {
  readonly kubelet: KubeletState;
  readonly isNode: boolean;
}

/**
 * The record of a reboot that is prepared now. What an earlier preparation has found of kubelet counts as well, as long as
 * nobody has taken that one back: kubelet is as it left it by now.
 */
export const planMark = (
  kind: RebootKind,
  last: RebootMark | undefined,
  { kubelet, isNode }: FoundNode,
  now: Timestamps,
): RebootMark => ({
  kind,
  bootId: now.bootId,
  bootMs: now.bootMs,
  sinceTs: toSeconds(now.wallMs),
  kubelet: {
    isEnabled: kubelet.isEnabled || last?.kubelet.isEnabled === true,
    isActive: kubelet.isActive || last?.kubelet.isActive === true,
  },
  isNode,
});

/**
 * What becomes of kubelet at the end: `left-alone` where it was off before too, `left-cluster` where the switch was a node and
 * is none any more (a new image, a leave): joining enables kubelet.
 */
export function decideKubeletReturn(
  { kubelet, isNode }: RebootMark,
  hasJoined: boolean,
): 'resume' | 'left-alone' | 'left-cluster' {
  if (!kubelet.isEnabled && !kubelet.isActive) return 'left-alone';
  return isNode && !hasJoined ? 'left-cluster' : 'resume';
}
