import { keepHeapSmall } from '../src/adapters/heap.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { toPlainLine } from '../src/text/printable.ts';
import { becomeLightWait, takeWaitedContainer } from '../src/host/adapters/light-wait.ts';
import { parseContainerLine } from '../src/host/commands/container/options.ts';
import { runContainer } from '../src/host/commands/container/run-container.ts';
import { buildHostPorts } from './host-ports.ts';
import { runMain } from './main.ts';

/** A database's text may be quoted in it. */
const MAX_LINE = 2000;

void runMain('container', async () => {
  const line = parseContainerLine(process.argv.slice(2));
  if (line.kind === 'help') {
    process.stdout.write(line.text);
    return EXIT.ok;
  }
  const { options } = line;
  // One of these runs for every feature of the switch.
  if (options.action === 'wait') keepHeapSmall();
  const ports = buildHostPorts('container');
  const openStore = () => ports.openStore(ports.findDatabases(options.redisUrl));
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const tell = (text: string) => process.stderr.write(`container: ${toPlainLine(text, MAX_LINE)}\n`);
  try {
    return await runContainer(options, {
      ...ports,
      openStore,
      print,
      tell,
      waitedContainer: takeWaitedContainer(process.env),
      becomeLightWait: ({ id, pid }) => becomeLightWait(id, pid, commandAgain()),
    });
  } finally {
    await ports.closeEngine();
  }
});

/** This very command; the bundle's entry has taken its name out of argv. */
function commandAgain(): string[] {
  const { execPath, execArgv, argv } = process;
  return [execPath, ...execArgv, argv[1] ?? '', 'container', ...argv.slice(2)];
}
