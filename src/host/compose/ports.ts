import { systemClock } from '../../adapters/clock.ts';
import { createCommandLog } from '../../adapters/log/command-log.ts';
import { findDatabases } from '../../adapters/redis/find-databases.ts';
import type { Databases } from '../../contract/databases.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { Log } from '../../ports/log.ts';
import type { RemoteConfig } from '../../ports/remote-config.ts';
import { readRemoteConfig } from '../adapters/remote-config.ts';
import { readHostSettings, readRevertToLocal, type HostSettings } from '../settings.ts';

/** What every command of the host side is built from. */
export interface HostPorts {
  readonly settings: HostSettings;
  readonly log: Log;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /**
   * The databases of the host, of no ASIC. `redisUrl` of the command line comes before that of the environment. Throws
   * CtrkitError('usage' | 'database').
   */
  readonly findDatabases: (redisUrl: string) => Databases;
  /** The same engine each time. Throws CtrkitError('engine' | 'usage'). */
  readonly openEngine: () => Promise<ContainerEngine>;
  readonly closeEngine: () => Promise<void>;
  readonly readRemoteConfig: () => RemoteConfig;
  /** Milliseconds. Logs what is wrong with the setting. */
  readonly readRevertToLocalMs: () => number;
}

/** `name` is the command's, for its log. */
export function buildHostPorts(name: string): HostPorts {
  const settings = readHostSettings(process.env);
  const log = createCommandLog(name, process.env['CTRKIT_LOG']);
  const remoteConfig = () => readRemoteConfig(settings.remoteConfigPath || undefined);
  let engine: Promise<ContainerEngine> | undefined;
  return {
    settings,
    log,
    clock: systemClock,
    random: Math.random,
    findDatabases: (redisUrl) => findDatabases({ redisUrl: redisUrl || settings.redisUrl, namespaceId: '' }),
    openEngine: () => (engine ??= openEngine(settings.engineAddress)),
    // Whoever asked for an engine that can't be opened has had the error already.
    closeEngine: async () => (await engine?.catch(() => undefined))?.close(),
    readRemoteConfig: remoteConfig,
    readRevertToLocalMs: () => {
      const { revertToLocalMs, warnings } = readRevertToLocal(process.env, remoteConfig());
      for (const warning of warnings) log.warn(warning);
      return revertToLocalMs;
    },
  };
}

/** Loaded when used: a command that reads the databases alone starts without it. */
async function openEngine(address: string): Promise<ContainerEngine> {
  const { parseEngineAddress } = await import('../adapters/docker/engine-address.ts');
  const { createDockerEngine } = await import('../adapters/docker/docker-engine.ts');
  return createDockerEngine(parseEngineAddress(address));
}
