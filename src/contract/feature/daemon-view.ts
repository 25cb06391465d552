/** What the daemon thinks of each feature, for `ctrkit status` and `ctrkit explain`: written when it changes. */

/** The verdict on an image, from no evidence to certified (contract.md, section 8, "Certified golden"). Times are boot clock, milliseconds. */
export type CertificationVerdict =
  /** Switched off by the policy. */
  | { readonly kind: 'off'; readonly text: string }
  /** The image that runs is golden. */
  | { readonly kind: 'golden'; readonly text: string }
  /** The image runs as the local one while a higher certified rung stands: it can't become golden. */
  | { readonly kind: 'own-rung'; readonly text: string }
  /** No healthy time is counted now; `text` says why and what would change it. */
  | { readonly kind: 'not-counting'; readonly text: string }
  /** Healthy without a break since `fromMs`; certified by the first heartbeat at or after `fromMs + neededMs`. */
  | { readonly kind: 'counting'; readonly text: string; readonly fromMs: number; readonly neededMs: number }
  /** To be made golden now. */
  | { readonly kind: 'certified'; readonly text: string; readonly healthyMs: number };

export type FailureCause = 'unhealthy' | 'crash-looping' | 'silent' | 'not-deployed';

/** contract.md, section 8, "Fallback"; HLD, "Failure mode detection & rollback". */
export type FallbackVerdict =
  | { readonly kind: 'off'; readonly text: string }
  /** Nothing fails, or what failed is over. */
  | { readonly kind: 'well'; readonly text: string }
  /** It can't be judged: another engine runs it, its id is not known, or it is of the shipped kit. */
  | { readonly kind: 'unknown'; readonly text: string }
  | {
      readonly kind: 'failing';
      readonly cause: FailureCause;
      readonly text: string;
      /** Failing time so far, as of `asOfMs`; it rises on while `isRising`. Falls back at `limitMs`. */
      readonly failingMs: number;
      readonly limitMs: number;
      readonly asOfMs: number;
      readonly isRising: boolean;
    }
  /** It would fall back, but may not: a lock, no local image to go back to, once already; `text` says what lifts it. */
  | { readonly kind: 'refused'; readonly cause: FailureCause; readonly text: string }
  | { readonly kind: 'fall-back'; readonly cause: FailureCause; readonly text: string };

/** Whether the service is restarted so that its other owner takes over (`decideSwitchOver`). */
export interface SwitchView {
  readonly kind: 'none' | 'restart';
  /** Why, one line. */
  readonly text: string;
  /** Boot clock, milliseconds: the back-off before the restart ends then. Left out for `none`. */
  readonly restartAtMs?: number | undefined;
}

/** One rung of the ladder of images (contract.md, section 8, "The ladder"). */
export interface RungView {
  readonly name: 'golden' | 'previous' | 'shipped';
  readonly imageId: string;
  readonly version: string;
  /** The engine has it. While the engine does not answer, each counts as there. */
  readonly isThere: boolean;
  /** It has an open fallback, or an operator has blocked its version. */
  readonly hasFailed: boolean;
  /** A pin keeps it from being collected. */
  readonly isPinned: boolean;
}

export interface FeatureView {
  /** About the image that runs; the texts are empty where none does. */
  readonly imageId: string;
  readonly version: string;
  readonly certification: CertificationVerdict;
  readonly fallback: FallbackVerdict;
  /** Left out by a daemon of an earlier release. */
  readonly switchOver?: SwitchView | undefined;
  /** Fields of its policy in CONFIG_DB that do not count, a line each. Left out where there are none. */
  readonly policyProblems?: readonly string[] | undefined;
  /** From the highest rung on. Left out by a daemon of an earlier release, like `problems`. */
  readonly ladder?: readonly RungView[] | undefined;
  /** What is wrong with its images, a line each. */
  readonly problems?: readonly string[] | undefined;
  /** What the daemon did last for this feature, one line, empty if nothing; wall clock, seconds. */
  readonly lastAct: string;
  readonly lastActTs: number;
}

export interface DaemonView {
  readonly pid: number;
  readonly isShadow: boolean;
  readonly bootId: string;
  /** Boot clock, milliseconds. */
  readonly startedMs: number;
  /** What the daemon can't do at present (an engine or a database that is away), a line each. */
  readonly problems: readonly string[];
  readonly features: Readonly<Record<string, FeatureView>>;
}
