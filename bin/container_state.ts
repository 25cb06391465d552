import { readContainerId } from '../src/container/adapters/proc/container-id.ts';
import { runState } from '../src/container/commands/container-state.ts';
import { parseStateOptions, STATE_HELP } from '../src/container/commands/state-options.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { runMain } from './main.ts';
import { buildPorts } from './ports.ts';

void runMain('container_state', async () => {
  const options = parseStateOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(STATE_HELP);
    return EXIT.ok;
  }
  const { containerStart, token, ...ports } = buildPorts('container_state');
  const databases = ports.findDatabases(options.redisUrl);
  const store = ports.openStore(databases);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const tell = (text: string) => process.stderr.write(`container_state: ${text}\n`);
  const self = { dockerId: readContainerId(process.env), token, containerStart };
  return runState(options, { ...ports, databases, store, self, print, tell }).finally(() => store.close());
});
