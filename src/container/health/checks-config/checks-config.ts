/** The decoded content of `/etc/ctrkit/checks.toml`; the file that ships explains its fields. */
import { DEFAULT_TIMING, type CheckKind, type CheckTiming } from '../../../contract/health/check.ts';

/** One line of `[checks]`. */
export type BuiltinCheckConfig = {
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  /** `restartMends`: whether a restart of the container would make a failing check ok. */
  readonly isMendedByRestart: boolean;
} & (
  | { readonly what: 'tcp'; readonly host: string; readonly port: number }
  | { readonly what: 'unix'; readonly path: string }
  | { readonly what: 'file'; readonly path: string; readonly maxAgeMs: number }
  | { readonly what: 'memory'; readonly limitPercent: number }
);

export interface ChecksConfig {
  /** After the gate was passed: how long a failing check counts as a start-up that is still under way. */
  readonly startupGraceMs: number;
  /** The program of supervisord that runs start.sh, `NAME` or `GROUP:NAME`; empty for an image without one. */
  readonly startProgram: string;
  /** Whether checks.toml names it: a program by the default name need not exist, one that was named must. */
  readonly isStartNamed: boolean;
  /** For every check without a timing of its own. */
  readonly timing: CheckTiming;
  /** Keyed by the hook's name. */
  readonly hookTimings: ReadonlyMap<string, CheckTiming>;
  readonly builtin: readonly BuiltinCheckConfig[];
}

export interface DecodedChecksConfig {
  /** All defaults if there are errors: a half-applied configuration is one that nobody wrote. */
  readonly config: ChecksConfig;
  /** One line for each error, with the path of the wrong key. */
  readonly errors: readonly string[];
}

/** The result of reading the file. */
export interface ChecksConfigResult extends DecodedChecksConfig {
  readonly isThere: boolean;
  /** One line for each doubt about the file, which is used all the same. */
  readonly warnings: readonly string[];
}

/** A hook as `ctrkit_agent --check` shows it. */
export interface ListedHook {
  /** `required.d/FILE` or `wanted.d/FILE`. */
  readonly name: string;
  readonly kind: CheckKind;
  /** Why it would not be run; empty if it would. */
  readonly problem: string;
}

/** The configuration without a file. */
export const DEFAULT_CHECKS_CONFIG: ChecksConfig = {
  // SONiC's monit begins to check a container this long after boot.
  startupGraceMs: 300_000,
  startProgram: 'start',
  isStartNamed: false,
  timing: DEFAULT_TIMING,
  hookTimings: new Map(),
  builtin: [],
};

/** Returns the timing of a hook; its name is `required.d/FILE`, `wanted.d/FILE` or `readiness_probe_hook`. */
export const findTiming = ({ hookTimings, timing }: ChecksConfig, hookName: string): CheckTiming =>
  hookTimings.get(hookName) ?? timing;
