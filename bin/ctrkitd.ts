import { keepHeapSmall } from '../src/adapters/heap.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { readLocalRepositories } from '../src/node/adapters/local-repositories.ts';
import { RedisSwitchTables } from '../src/node/adapters/redis/switch-tables.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../src/node/adapters/service/service-command.ts';
import { assertSingle } from '../src/node/adapters/single-instance.ts';
import { parseDaemonLine, type DaemonOptions } from '../src/node/commands/ctrkitd/options.ts';
import { startDaemon } from '../src/node/daemon/start-daemon.ts';
import { readDaemonSettings } from '../src/node/daemon/settings.ts';
import { ledgerFileIn } from '../src/node/ledger/ledger-file.ts';
import { lockFilesIn } from '../src/node/locks/lock-file.ts';
import { viewFileIn } from '../src/node/view/view-file.ts';
import { buildHostPorts } from './host-ports.ts';
import { runMain } from './main.ts';

async function main({ isShadow, redisUrl, restartCommand, stateDir }: DaemonOptions): Promise<number> {
  keepHeapSmall();
  const ports = buildHostPorts(isShadow ? 'ctrkitd-shadow' : 'ctrkitd');
  const settings = readDaemonSettings(process.env);
  const command = restartCommand || settings.restartCommand || DEFAULT_RESTART_COMMAND;
  const words = parseRestartCommand(command);
  // A wrong URL stays wrong; files that tell where the databases are come and go.
  if (redisUrl || ports.settings.redisUrl) ports.findDatabases(redisUrl);
  const folder = stateDir || settings.stateDir;
  await assertSingle(`ctrkitd:${isShadow ? 'shadow:' : ''}${folder}`);
  const names = readLocalRepositories(settings.imageNamesFile || undefined);
  for (const warning of [...settings.warnings, ...names.problems]) ports.log.warn(warning);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await startDaemon({
    ...ports,
    isShadow,
    service: new ServiceCommand(words, undefined, stop.signal),
    timing: settings.timing,
    engine: await ports.openEngine(),
    ledger: ledgerFileIn(folder),
    locks: lockFilesIn(`${folder}/locks`),
    view: viewFileIn(isShadow ? `${settings.runDir}/shadow` : settings.runDir),
    mappedRepositories: names.repositories,
    connect: () => {
      const databases = ports.findDatabases(redisUrl);
      for (const warning of databases.warnings) ports.log.warn(warning);
      return { store: ports.openStore(databases), tables: new RedisSwitchTables(databases) };
    },
    signal: stop.signal,
  });
  return EXIT.ok;
}

void runMain('ctrkitd', async () => {
  const line = parseDaemonLine(process.argv.slice(2));
  if (line.kind === 'run') return main(line.options);
  process.stdout.write(line.text);
  return EXIT.ok;
});
