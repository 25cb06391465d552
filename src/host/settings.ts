import type { Environment } from '../contract/environment.ts';
import { parseDurationMs } from '../text/duration.ts';
import type { RemoteConfig } from '../ports/remote-config.ts';

/** What the environment says to every command of the host side (contract.md, section 13). */
export interface HostSettings {
  readonly redisUrl: string;
  /** The Docker engine's socket, empty for the usual one. */
  readonly engineAddress: string;
  /** SONiC's file of timers, empty for the one in /etc/sonic. */
  readonly remoteConfigPath: string;
}

export const readHostSettings = (env: Environment): HostSettings => ({
  redisUrl: env['CTRKIT_REDIS'] ?? '',
  engineAddress: env['DOCKER_HOST'] ?? '',
  remoteConfigPath: env['CTRKIT_REMOTE_CONFIG'] ?? '',
});

export interface RevertSetting {
  readonly revertToLocalMs: number;
  /** Values that make no sense, one line each; the next source of the setting is used instead. */
  readonly warnings: readonly string[];
}

/** The default of the shipped command, for a switch without the file. */
const DEFAULT_REVERT_TO_LOCAL_MS = 300_000;
const LONGEST_REVERT_MS = 7 * 86_400_000;
const REVERT_FIELD = 'revert_to_local_on_wait_seconds';

/**
 * How long Kubernetes may take until the switch's own container runs instead: CTRKIT_REVERT_TO_LOCAL, else
 * `revert_to_local_on_wait_seconds` of SONiC's file, else 300 s.
 */
export function readRevertToLocal(env: Environment, file: RemoteConfig): RevertSetting {
  const warnings = file.warning === undefined ? [] : [file.warning];
  const sources = [
    ['CTRKIT_REVERT_TO_LOCAL', env['CTRKIT_REVERT_TO_LOCAL'] ?? ''],
    [REVERT_FIELD, file.values[REVERT_FIELD] ?? ''],
  ] as const;
  for (const [name, found] of sources) {
    if (found === '') continue;
    const ms = parseDurationMs(
      typeof found === 'number' ? `${found}` : typeof found === 'string' ? found : '',
    );
    if (ms !== undefined && ms <= LONGEST_REVERT_MS) return { revertToLocalMs: ms, warnings };
    const text = JSON.stringify(found).slice(0, 40);
    warnings.push(`${name} is ${text}: write a number of seconds, or N[ms|s|m|h|d], up to 7d; it is ignored`);
  }
  return { revertToLocalMs: DEFAULT_REVERT_TO_LOCAL_MS, warnings };
}
