import { keepHeapSmall } from '../../adapters/process/heap.ts';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { writeError } from '../../adapters/process/write-error.ts';
import { RedisRowStore } from '../../adapters/redis/row-store.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { toPlainLine } from '../../text/printable.ts';
import { hasInstalledDaemon } from '../adapters/installed-daemon.ts';
import { readKnownBlocks } from '../adapters/known-blocks.ts';
import { readKnownLadder } from '../adapters/known-ladder.ts';
import { becomeLightWait, takeWaitedContainer } from '../adapters/light-wait.ts';
import { parseContainerLine, type ContainerOptions } from '../commands/container/options.ts';
import type { ContainerPorts } from '../commands/container/ports.ts';
import { runContainer } from '../commands/container/run-container.ts';
import { listStatePlaces } from '../state-dir.ts';
import { buildHostPorts, type HostPorts } from './ports.ts';

/** A line may quote text from a database. */
const MAX_LINE_LENGTH = 2_000;

/** The command `container`. Returns the exit code. Throws CtrkitError. */
export async function runContainerCommand(args: readonly string[]): Promise<number> {
  const line = parseContainerLine(args);
  if (line.kind === 'help') {
    writeAnswer('container', line.text);
    return EXIT.ok;
  }
  return runWithEngine(line.options);
}

async function runWithEngine(options: ContainerOptions): Promise<number> {
  // A switch runs one `container wait` for each feature.
  if (options.action === 'wait') keepHeapSmall();
  const ports = buildHostPorts('container');
  try {
    return await runContainer(options, buildContainerPorts(options.redisUrl, ports));
  } finally {
    await ports.closeEngine();
  }
}

const buildContainerPorts = (redisUrl: string, ports: HostPorts): ContainerPorts => ({
  openStore: () => new RedisRowStore(ports.findDatabases(redisUrl)),
  openEngine: ports.openEngine,
  clock: ports.clock,
  log: ports.log,
  random: ports.random,
  readKnownBlocks: (feature) =>
    readKnownBlocks(listStatePlaces(process.env['CTRKIT_STATE_DIR'] ?? ''), feature),
  readKnownLadder: (feature) =>
    readKnownLadder(
      listStatePlaces(process.env['CTRKIT_STATE_DIR'] ?? ''),
      feature,
      process.env['CTRKIT_IMAGE_NAMES'] ?? '',
    ),
  isOfService: () => (process.env['INVOCATION_ID'] ?? '') !== '',
  readRevertToLocalMs: ports.readRevertToLocalMs,
  becomeLightWait: ({ id, pid }) => becomeLightWait(id, pid, listOwnWords()),
  waitedContainer: takeWaitedContainer(process.env),
  hasDaemon: () => hasInstalledDaemon(process.argv[1] ?? ''),
  isMirroring: () => isViewed(ports),
  print: (text) => writeAnswer('container', `${text}\n`),
  report: (text) => writeError(`container: ${toPlainLine(text, MAX_LINE_LENGTH)}\n`),
});

/** Its view is there for as long as it runs. Loaded when used: most commands don't ask. */
async function isViewed({ clock }: HostPorts): Promise<boolean> {
  const { createViewFile } = await import('../adapters/view/view-file.ts');
  const runDir = process.env['CTRKIT_RUN_DIR'] || '/run/ctrkit';
  return 'found' in createViewFile(runDir).read(clock.bootId());
}

/** The words that run this very command again; the bundle's entry has taken its name out of argv. */
function listOwnWords(): string[] {
  const { execPath, execArgv, argv } = process;
  return [execPath, ...execArgv, argv[1] ?? '', 'container', ...argv.slice(2)];
}
