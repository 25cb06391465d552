import { EXIT } from '../../contract/exit-codes.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { watchParents } from '../adapters/proc/parents.ts';
import { runStartup } from '../commands/container-startup.ts';
import { parseStartupOptions, STARTUP_HELP } from '../commands/startup-options.ts';
import { buildContainerPorts } from './container-ports.ts';

/** `container_startup` with its adapters; `words` follow the command's name. Returns the exit code. */
export async function runContainerStartup(words: readonly string[]): Promise<number> {
  const options = parseStartupOptions(words);
  if (options === undefined) {
    process.stdout.write(STARTUP_HELP);
    return EXIT.ok;
  }
  const { settings, containerStart, token, ...ports } = buildContainerPorts('container_startup');
  const { redisUrl, once, ...identity } = options;
  const claim = { ...identity, dockerId: readContainerId(process.env), token };
  return runStartup(
    { claim, once, redisUrl, containerStart, localDbWaitMs: settings.localDbWaitMs },
    { ...ports, findDatabases: () => ports.findDatabases(redisUrl), isOrphaned: watchParents(process.env) },
  );
}
