import { systemClock } from '../../adapters/clock.ts';
import { createCommandLog } from '../../adapters/log/command-log.ts';
import { findDatabases } from '../../adapters/redis/find-databases.ts';
import { RedisRowStore } from '../../adapters/redis/row-store.ts';
import { encodeContainerStart } from '../../contract/anchor.ts';
import { findAnchor } from '../adapters/proc/anchor.ts';
import { readToken } from '../adapters/proc/token.ts';
import { createAgentPresence } from '../adapters/run-folder/agent-presence-file.ts';
import { CLAIM_INTENT_FILE, createClaimFile } from '../adapters/run-folder/claim-file.ts';
import { createGateNoticeFile } from '../adapters/run-folder/gate-notice-file.ts';
import { createLastEnd } from '../adapters/run-folder/last-end.ts';
import { clearRunFolder, closeRunFolder } from '../adapters/run-folder/run-folder.ts';
import { readSettings } from '../settings.ts';
import type { Databases } from '../../contract/databases.ts';

/** The adapters that every command of the container side is given. */
export function buildContainerPorts(name: string) {
  const settings = readSettings(process.env);
  const log = createCommandLog(name, process.env['CTRKIT_LOG']);
  // In this order: nobody else puts a file into a folder that is closed.
  const folderWarnings = [closeRunFolder(settings.runDir), clearRunFolder(settings.runDir)];
  for (const warning of [...settings.warnings, ...folderWarnings])
    if (warning !== undefined) log.warn(warning);
  const clock = systemClock;
  const anchor = findAnchor();
  const containerStart = encodeContainerStart(clock.bootId(), anchor);
  return {
    settings,
    log,
    clock,
    anchor,
    containerStart,
    agentPresence: createAgentPresence(settings.runDir, containerStart),
    claimFile: createClaimFile(settings.runDir, containerStart),
    claimIntentFile: createClaimFile(settings.runDir, containerStart, CLAIM_INTENT_FILE),
    lastEnd: createLastEnd(settings.runDir),
    gateNoticeFile: createGateNoticeFile(settings.runDir, containerStart),
    token: readToken(),
    /** Loaded when an agent was killed in the middle of a stop: a gate asks it then only. */
    isSupervisorStopping: async () =>
      (await import('../adapters/supervisor/own-stop.ts')).isSupervisorStopping(),
    random: Math.random,
    /** `redisUrl` of the command line comes before that of the environment. */
    findDatabases: (redisUrl: string) =>
      findDatabases({ redisUrl: redisUrl || settings.redisUrl, namespaceId: settings.namespaceId }),
    openStore: (databases: Databases, onLost?: () => void) => new RedisRowStore(databases, undefined, onLost),
  };
}
