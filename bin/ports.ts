import { systemClock } from '../src/adapters/clock.ts';
import { createLazyLog } from '../src/adapters/log/lazy-log.ts';
import { findDatabases } from '../src/adapters/redis/find-databases.ts';
import { RedisRowStore } from '../src/adapters/redis/row-store.ts';
import { readContainerStart } from '../src/container/adapters/proc/container-start.ts';
import { readToken } from '../src/container/adapters/proc/token.ts';
import { claimFileIn } from '../src/container/adapters/run-folder/claim-file.ts';
import { gateNoticeFileIn } from '../src/container/adapters/run-folder/gate-notice-file.ts';
import { lastEndIn } from '../src/container/adapters/run-folder/last-end.ts';
import { readSettings } from '../src/container/settings.ts';
import type { Databases } from '../src/contract/databases.ts';

/** The adapters that every command of the container side is given. */
export function buildPorts(name: string) {
  const settings = readSettings(process.env);
  const log = createLazyLog(async () => {
    const { createPinoLog } = await import('../src/adapters/log/pino-log.ts');
    const format = process.env['CTRKIT_LOG'] === 'json' ? 'json' : 'text';
    return createPinoLog(name, format, (line) => process.stderr.write(line));
  });
  for (const warning of settings.warnings) log.warn(warning);
  const clock = systemClock;
  const containerStart = readContainerStart(clock.bootId());
  return {
    settings,
    log,
    clock,
    containerStart,
    claimFile: claimFileIn(settings.runDir, containerStart),
    lastEnd: lastEndIn(settings.runDir),
    gateNoticeFile: gateNoticeFileIn(settings.runDir, containerStart),
    token: readToken(),
    random: Math.random,
    /** `redisUrl` of the command line comes before that of the environment. */
    findDatabases: (redisUrl: string) =>
      findDatabases({ redisUrl: redisUrl || settings.redisUrl, namespaceId: settings.namespaceId }),
    openStore: (databases: Databases, onLost?: () => void) => new RedisRowStore(databases, undefined, onLost),
  };
}
