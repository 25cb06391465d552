import { systemClock } from '../src/adapters/clock.ts';
import { createLazyLog } from '../src/adapters/log/lazy-log.ts';
import { findDatabases } from '../src/adapters/redis/find-databases.ts';
import { RedisRowStore } from '../src/adapters/redis/row-store.ts';
import type { Databases } from '../src/contract/databases.ts';
import { readRemoteConfig } from '../src/host/adapters/remote-config.ts';
import { readHostSettings, readRevertToLocal } from '../src/host/settings.ts';
import type { ContainerEngine } from '../src/ports/container-engine.ts';

/** The adapters that every command of the host side is given. */
export function buildHostPorts(name: string) {
  const settings = readHostSettings(process.env);
  const log = createLazyLog(async () => {
    const { createPinoLog } = await import('../src/adapters/log/pino-log.ts');
    const format = process.env['CTRKIT_LOG'] === 'json' ? 'json' : 'text';
    return createPinoLog(name, format, (line) => process.stderr.write(line));
  });
  let engine: Promise<ContainerEngine> | undefined;
  return {
    settings,
    log,
    clock: systemClock,
    random: Math.random,
    /** `redisUrl` of the command line comes before that of the environment. The host's own databases, of no ASIC. */
    findDatabases: (redisUrl: string) =>
      findDatabases({ redisUrl: redisUrl || settings.redisUrl, namespaceId: '' }),
    openStore: (databases: Databases) => new RedisRowStore(databases),
    /** Loaded when used: a command that asks the databases alone starts without it. */
    openEngine: () => (engine ??= openEngine(settings.engineAddress)),
    /** Whoever asked for one that can't be opened knows it already. */
    closeEngine: async () => (await engine?.catch(() => undefined))?.close(),
    readRemoteConfig: () => readRemoteConfig(settings.remoteConfigPath || undefined),
    readRevertToLocalMs: (): number => {
      const { revertToLocalMs, warnings } = readRevertToLocal(
        process.env,
        readRemoteConfig(settings.remoteConfigPath || undefined),
      );
      for (const warning of warnings) log.warn(warning);
      return revertToLocalMs;
    },
  };
}

async function openEngine(address: string): Promise<ContainerEngine> {
  const { parseEngineAddress } = await import('../src/host/adapters/docker/engine-address.ts');
  const { DockerEngine } = await import('../src/host/adapters/docker/docker-engine.ts');
  return new DockerEngine(parseEngineAddress(address));
}
