/** What `/etc/ctrkit/checks.toml` says, after decoding; the file itself teaches its fields. */
import { DEFAULT_TIMING, type CheckKind, type CheckTiming } from '../../../contract/health/check.ts';

/** One line of `[checks]`. */
export type BuiltinCheckConfig = {
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  /** `restartMends`: whether starting the container anew would mend it. */
  readonly isMendedByRestart: boolean;
} & (
  | { readonly what: 'tcp'; readonly host: string; readonly port: number }
  | { readonly what: 'unix'; readonly path: string }
  | { readonly what: 'file'; readonly path: string; readonly maxAgeMs: number }
  | { readonly what: 'memory'; readonly limitPercent: number }
);

export interface ChecksConfig {
  /** After go: how long what fails is taken for a start-up that is still under way. */
  readonly startupGraceMs: number;
  /** The supervisord program that start.sh runs as, `NAME` or `GROUP:NAME`; empty for an image without one. */
  readonly startProgram: string;
  /** Of every check that has none of its own. */
  readonly timing: CheckTiming;
  /** By the hook's name. */
  readonly hookTimings: ReadonlyMap<string, CheckTiming>;
  readonly builtin: readonly BuiltinCheckConfig[];
}

export interface DecodedChecksConfig {
  /** The defaults, whole, if there are errors: half a configuration is one that nobody wrote. */
  readonly config: ChecksConfig;
  /** One line each, with the path of what is wrong. */
  readonly errors: readonly string[];
}

/** What was read of the file, if there is one. */
export interface ChecksConfigResult extends DecodedChecksConfig {
  readonly isThere: boolean;
  /** What is doubtful but used, one line each. */
  readonly warnings: readonly string[];
}

/** A hook, for people. */
export interface ListedHook {
  /** `required.d/FILE` or `wanted.d/FILE`. */
  readonly name: string;
  readonly kind: CheckKind;
  /** Why it would not be run; empty if it would. */
  readonly problem: string;
}

/** What counts without a file. */
export const DEFAULT_CHECKS_CONFIG: ChecksConfig = {
  // As long after boot SONiC's monit begins to look at a container.
  startupGraceMs: 300_000,
  startProgram: 'start',
  timing: DEFAULT_TIMING,
  hookTimings: new Map(),
  builtin: [],
};

/** Of the hook of this name: `required.d/FILE`, `wanted.d/FILE` or `readiness_probe_hook`. */
export const findTiming = ({ hookTimings, timing }: ChecksConfig, hookName: string): CheckTiming =>
  hookTimings.get(hookName) ?? timing;
