import type { Environment } from '../contract/environment.ts';
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from '../contract/health/heartbeat.ts';
import { parseDurationMs } from '../text/duration.ts';

/** The environment as the container side reads it (contract.md, section 13). */
export interface Settings {
  readonly redisUrl: string;
  readonly namespaceId: string;
  readonly runDir: string;
  readonly heartbeatIntervalMs: number;
  readonly localDbWaitMs: number;
  readonly releaseAfterMs: number;
  /** A held container answers the readiness probe with yes. */
  readonly isHeldReady: boolean;
  /** What follows when a critical process has ended: SONiC's auto_restart decides, or nothing but a line in the log. */
  readonly criticalExit: 'end' | 'report';
  /** What follows when an application runs that no gate let go. */
  readonly ungated: 'end' | 'report';
  /** Where the checks are configured. */
  readonly configDir: string;
  /** Where SONiC's lists of critical and of beating processes are. */
  readonly supervisorDir: string;
  /** Where the health is answered over HTTP, empty for nowhere. */
  readonly httpAddress: string;
  /** Settings that are not what they should be, a line each; their defaults are used. */
  readonly warnings: readonly string[];
}

type DurationSetting = readonly [name: string, defaultMs: number, leastMs: number, mostMs: number];

const HEARTBEAT_INTERVAL: DurationSetting = [
  'CTRKIT_HEARTBEAT_INTERVAL',
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  100,
  600_000,
];
const LOCAL_DB_WAIT: DurationSetting = ['CTRKIT_LOCAL_DB_WAIT', 60_000, 0, 86_400_000];
const RELEASE_AFTER: DurationSetting = ['CTRKIT_RELEASE_AFTER', 6_000, 0, 600_000];

/** Never throws: a setting that is not legal is its default, and a line in `warnings`. */
export function readSettings(env: Environment): Settings {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  return {
    redisUrl: env['CTRKIT_REDIS'] ?? '',
    namespaceId: env['NAMESPACE_ID'] ?? '',
    runDir: env['CTRKIT_RUN_DIR'] || '/run/ctrkit',
    heartbeatIntervalMs: readDurationMs(env, HEARTBEAT_INTERVAL, warn),
    localDbWaitMs: readDurationMs(env, LOCAL_DB_WAIT, warn),
    releaseAfterMs: readDurationMs(env, RELEASE_AFTER, warn),
    isHeldReady: readChoice(env, { name: 'CTRKIT_HELD_READY', legal: ['0', '1'] }, warn) === '1',
    criticalExit: readChoice(env, { name: 'CTRKIT_CRITICAL_EXIT', legal: ['end', 'report'] }, warn),
    ungated: readChoice(env, { name: 'CTRKIT_UNGATED', legal: ['end', 'report'] }, warn),
    configDir: env['CTRKIT_CONFIG_DIR'] || '/etc/ctrkit',
    supervisorDir: env['CTRKIT_SUPERVISOR_DIR'] || '/etc/supervisor',
    httpAddress: env['CTRKIT_HTTP'] ?? '',
    warnings,
  };
}

type Warn = (warning: string) => void;

function readDurationMs(
  env: Environment,
  [name, defaultMs, leastMs, mostMs]: DurationSetting,
  warn: Warn,
): number {
  const text = env[name] ?? '';
  if (text === '') return defaultMs;
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  const range = `from ${leastMs} ms to ${mostMs / 1000} s`;
  warn(
    `${name} is ${quoteText(text)}: write a number of seconds, or N[ms|s|m|h|d], ${range}; using ${defaultMs / 1000} s`,
  );
  return defaultMs;
}

/** One of `legal`, the first being the default. */
function readChoice<const Choice extends string>(
  env: Environment,
  { name, legal }: { readonly name: string; readonly legal: readonly [Choice, ...Choice[]] },
  warn: Warn,
): Choice {
  const text = env[name] ?? '';
  const chosen = legal.find((choice) => choice === text);
  if (chosen === undefined && text !== '')
    warn(`${name} is ${quoteText(text)}: write ${legal.join(' or ')}; using ${legal[0]}`);
  return chosen ?? legal[0];
}

const quoteText = (text: string): string => JSON.stringify(text.slice(0, 40));
