/** A reboot that is under way: its kinds, and the record of it (contract.md, section 16). */

/** What SONiC calls them; `cold` is the plain reboot. */
export const REBOOT_KINDS = ['warm', 'fast', 'express', 'soft', 'cold'] as const;

export type RebootKind = (typeof REBOOT_KINDS)[number];

/** kubelet's unit, as systemd has it. */
export interface KubeletState {
  /** It starts with the boot. */
  readonly isEnabled: boolean;
  /** It runs, or is about to. */
  readonly isActive: boolean;
}

/**
 * On the host's disk from before the first thing that the preparation of a reboot changes until all of it is taken back.
 */
export interface RebootMark {
  readonly kind: RebootKind;
  /** The boot that is about to end. */
  readonly bootId: string;
  /** Boot clock of that boot. */
  readonly bootMs: number;
  /** Wall clock, seconds, for people only. */
  readonly sinceTs: number;
  /** As it was before: what has to be brought back. */
  readonly kubelet: KubeletState;
  /** The switch was a node of a cluster then. */
  readonly isNode: boolean;
}
