import { EXIT } from '../../contract/exit-codes.ts';
import { watchOutput } from '../../adapters/process/watch-output.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { runState } from '../commands/container-state.ts';
import { parseStateOptions, STATE_HELP } from '../commands/state-options.ts';
import { buildContainerPorts } from './container-ports.ts';

/** `container_state` with its adapters; `words` follow the command's name. Returns the exit code. */
export async function runContainerState(words: readonly string[]): Promise<number> {
  const keepExitCode = watchOutput('container_state');
  return keepExitCode(await runWithPorts(words));
}

async function runWithPorts(words: readonly string[]): Promise<number> {
  const options = parseStateOptions(words);
  if (options === undefined) {
    process.stdout.write(STATE_HELP);
    return EXIT.ok;
  }
  const { containerStart, token, ...ports } = buildContainerPorts('container_state');
  const databases = ports.findDatabases(options.redisUrl);
  const store = ports.openStore(databases);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const printNotice = (text: string) => process.stderr.write(`container_state: ${text}\n`);
  const self = { dockerId: readContainerId(process.env), token, containerStart };
  return runState(options, { ...ports, databases, store, self, print, printNotice }).finally(() =>
    store.close(),
  );
}
