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
  /** Where the checks are configured. */
  readonly configDir: string;
  /** Where SONiC's lists of critical and of beating processes are. */
  readonly supervisorDir: string;
  /** Where the health is answered over HTTP, empty for nowhere. */
  readonly httpAddress: string;
  /** Settings that are not what they should be, a line each; their defaults are used. */
  readonly warnings: readonly string[];
}

/** Name, default and legal range of each duration. */
const DURATIONS = {
  heartbeatIntervalMs: ['CTRKIT_HEARTBEAT_INTERVAL', DEFAULT_HEARTBEAT_INTERVAL_MS, 100, 600_000],
  localDbWaitMs: ['CTRKIT_LOCAL_DB_WAIT', 60_000, 0, 86_400_000],
  releaseAfterMs: ['CTRKIT_RELEASE_AFTER', 6_000, 0, 600_000],
} as const;

export function readSettings(env: Environment): Settings {
  const warnings: string[] = [];
  const duration = ([name, defaultMs, leastMs, mostMs]: readonly [
    string,
    number,
    number,
    number,
  ]): number => {
    const text = env[name] ?? '';
    if (text === '') return defaultMs;
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
    warnings.push(
      `${name} is ${JSON.stringify(text.slice(0, 40))}: write a number of seconds, or N[ms|s|m|h|d], from ${leastMs} ms to ${mostMs / 1000} s; using ${defaultMs / 1000} s`,
    );
    return defaultMs;
  };
  /** One of `legal`, the first being the default. */
  const choice = <Choice extends string>(name: string, legal: readonly [Choice, ...Choice[]]): Choice => {
    const text = env[name] ?? '';
    const chosen = legal.find((one) => one === text);
    if (chosen === undefined && text !== '')
      warnings.push(
        `${name} is ${JSON.stringify(text.slice(0, 40))}: write ${legal.join(' or ')}; using ${legal[0]}`,
      );
    return chosen ?? legal[0];
  };
  return {
    redisUrl: env['CTRKIT_REDIS'] ?? '',
    namespaceId: env['NAMESPACE_ID'] ?? '',
    runDir: env['CTRKIT_RUN_DIR'] || '/run/ctrkit',
    heartbeatIntervalMs: duration(DURATIONS.heartbeatIntervalMs),
    localDbWaitMs: duration(DURATIONS.localDbWaitMs),
    releaseAfterMs: duration(DURATIONS.releaseAfterMs),
    isHeldReady: choice('CTRKIT_HELD_READY', ['0', '1'] as const) === '1',
    criticalExit: choice('CTRKIT_CRITICAL_EXIT', ['end', 'report'] as const),
    configDir: env['CTRKIT_CONFIG_DIR'] || '/etc/ctrkit',
    supervisorDir: env['CTRKIT_SUPERVISOR_DIR'] || '/etc/supervisor',
    httpAddress: env['CTRKIT_HTTP'] ?? '',
    warnings,
  };
}
