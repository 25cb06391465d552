import type { KubeletState, RebootKind, RebootMark } from '../contract/reboot/reboot.ts';

/** The record of a reboot that is under way, on the host's disk. Throws CtrkitError('disk'). */
export interface RebootMarkStore {
  /** Undefined if there is none. What is no record is told as `problem`, and counts as none. */
  readonly read: () => { readonly mark: RebootMark | undefined; readonly problem: string | undefined };
  /** On the disk when it returns, whole or not at all. */
  readonly write: (mark: RebootMark) => void;
  /** A record that is not there counts as removed. */
  readonly remove: () => void;
}

/** kubelet's unit. Every call ends within `limitMs`, or when `signal` aborts, and throws CtrkitError('cluster') then. */
export interface KubeletUnit {
  /** A unit that is not there neither starts with the boot nor runs. */
  readonly readState: (limits: CallLimits) => Promise<KubeletState>;
  /** It runs no longer, and does not start with the boot. Its containers run on. */
  readonly halt: (limits: CallLimits) => Promise<void>;
  /** It starts with the boot if `isEnabled`, and runs. */
  readonly resume: (isEnabled: boolean, limits: CallLimits) => Promise<void>;
}

export interface CallLimits {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Programs of the features' own that run before and after a reboot. */
export interface RebootHooks {
  /** Names in the order in which they run, and why others are left out, one line each. Never throws. */
  readonly list: () => { readonly names: readonly string[]; readonly problems: readonly string[] };
  /** Throws CtrkitError('cluster') with one line where it fails, takes too long, or must not be run. */
  readonly run: (
    name: string,
    act: 'prepare' | 'done',
    kind: RebootKind,
    limits: CallLimits,
  ) => Promise<void>;
}
