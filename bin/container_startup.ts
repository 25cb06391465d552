import { readContainerId } from '../src/container/adapters/proc/container-id.ts';
import { watchParents } from '../src/container/adapters/proc/parents.ts';
import { runStartup } from '../src/container/commands/container-startup.ts';
import { parseStartupOptions, STARTUP_HELP } from '../src/container/commands/startup-options.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { runMain } from './main.ts';
import { buildPorts } from './ports.ts';

void runMain('container_startup', async () => {
  const options = parseStartupOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(STARTUP_HELP);
    return EXIT.ok;
  }
  const { settings, containerStart, token, ...ports } = buildPorts('container_startup');
  const { redisUrl, once, ...rest } = options;
  const claim = { ...rest, dockerId: readContainerId(process.env), token };
  return runStartup(
    { claim, once, redisUrl, containerStart, localDbWaitMs: settings.localDbWaitMs },
    { ...ports, findDatabases: () => ports.findDatabases(redisUrl), isOrphaned: watchParents(process.env) },
  );
});
