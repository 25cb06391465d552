import { EXIT } from '../../contract/exit-codes.ts';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { writeError } from '../../adapters/process/write-error.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { runState } from '../commands/container-state.ts';
import { parseStateOptions, STATE_HELP } from '../commands/state-options.ts';
import { buildContainerPorts } from './container-ports.ts';

const NAME = 'container_state';

/** `container_state` with its adapters; `words` follow the command's name. Returns the exit code. */
export async function runContainerState(words: readonly string[]): Promise<number> {
  const options = parseStateOptions(words);
  if (options === undefined) {
    writeAnswer(NAME, STATE_HELP);
    return EXIT.ok;
  }
  const { containerStart, token, ...ports } = buildContainerPorts(NAME);
  const databases = ports.findDatabases(options.redisUrl);
  const store = ports.openStore(databases);
  const print = (text: string) => writeAnswer(NAME, `${text}\n`);
  const printNotice = (text: string) => writeError(`${NAME}: ${text}\n`);
  const self = { dockerId: readContainerId(process.env), token, containerStart };
  return runState(options, { ...ports, databases, store, self, print, printNotice }).finally(() =>
    store.close(),
  );
}
