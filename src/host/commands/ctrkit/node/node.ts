/** `ctrkit node export|import`. */
import type { Command } from 'commander';
import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { exportNode, type ExportOptions } from '../../../rebuild/export-node.ts';
import { importNode, type ImportOptions } from '../../../rebuild/import-node.ts';
import type { RebuildPorts } from '../../../rebuild/rebuild-ports.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { withDatabases } from '../reading/with-databases.ts';
import { parseText } from '../terminal/arguments.ts';
import { EXPORT_HELP, IMPORT_HELP, NODE_HELP } from './node-help.ts';

/** What the program hands to its subcommands; `end` records the exit code. */
interface NodeContext {
  readonly ports: CtrkitPorts;
  readonly end: (exitCode: number) => void;
  readonly redisUrl: () => string;
}

interface Flags {
  readonly images?: boolean;
  readonly force?: boolean;
  readonly root?: string;
}

export function addNode(program: Command, { ports, end, redisUrl }: NodeContext): void {
  const node = program
    .command('node')
    .description('hand on what makes this switch itself, to a new image or another machine')
    .addHelpText('after', NODE_HELP);
  const addRoot = (command: Command): Command =>
    command.option('--root <folder>', 'what stands for /, but for the state folder', (text) =>
      parseText('--root', text),
    );
  addRoot(node.command('export'))
    .description('write an archive of ledger, locks, blocks, the cluster’s context and the features’ units')
    .argument('<path>', 'the file, or a folder for it', (text) => parseText('PATH', text))
    .option('--images', 'with the images of the ladders')
    .option('-f, --force', 'also over a file that is no export')
    .addHelpText('after', EXPORT_HELP)
    .action(async (path: string, { images = false, force = false, root = '' }: Flags) => {
      const rebuild = { root, redisUrl: redisUrl(), isWriter: false };
      end(await runExport({ path, withImages: images, isForced: force }, ports, rebuild));
    });
  addRoot(node.command('import'))
    .description('put back what an export holds, where nothing else is')
    .argument('<path>', 'the file, or the folder that it is in', (text) => parseText('PATH', text))
    .option('-f, --force', 'also over what is there, and on a switch of another name')
    .addHelpText('after', IMPORT_HELP)
    .action(async (path: string, { force = false, root = '' }: Flags) => {
      const rebuild = { root, redisUrl: redisUrl(), isWriter: true };
      end(await runImport({ path, isForced: force }, ports, rebuild));
    });
}

interface Place {
  readonly root: string;
  readonly redisUrl: string;
  readonly isWriter: boolean;
}

/** Returns the exit code. Throws CtrkitError('disk' | 'engine' | 'usage'). */
function runExport(options: ExportOptions, ports: CtrkitPorts, place: Place): Promise<number> {
  const { report } = ports.terminal;
  return runInterruptibly(ports, place, async (rebuild) => {
    const { path, fileCount, imageCount, problems } = await exportNode(options, rebuild);
    for (const problem of problems) report(problem);
    report(`${path} has ${fileCount} files and ${imageCount} images. It holds keys: keep it as root's alone`);
    return problems.length === 0 ? EXIT.ok : EXIT.refused;
  });
}

/** Returns the exit code. Throws CtrkitError('disk' | 'engine' | 'usage'). */
function runImport(options: ImportOptions, ports: CtrkitPorts, place: Place): Promise<number> {
  const { report } = ports.terminal;
  return runInterruptibly(ports, place, async (rebuild) => {
    const outcome = await importNode(options, rebuild);
    if (outcome.kind === 'refused') {
      report(outcome.text);
      return EXIT.refused;
    }
    const { written, kept, imageCount, problems } = outcome;
    for (const problem of problems) report(problem);
    const units = kept.filter((path) => path.startsWith('features/'));
    const others = kept.filter((path) => !path.startsWith('features/'));
    if (units.length > 0) report(`the system's own stay: ${units.join(', ')}`);
    if (others.length > 0)
      report(`others are there, and stay: ${others.join(', ')}. To replace them: --force`);
    report(`${written.length} files and ${imageCount} images were put back`);
    if (written.some((path) => path.startsWith('features/') || path.endsWith('.conf')))
      report('to have systemd see new units: systemctl daemon-reload');
    return others.length + problems.length === 0 ? EXIT.ok : EXIT.refused;
  });
}

/** A signal ends what is under way; then the exit code is the signal's. */
async function runInterruptibly(
  ports: CtrkitPorts,
  { root, redisUrl, isWriter }: Place,
  work: (rebuild: RebuildPorts) => Promise<number>,
): Promise<number> {
  const { clock, terminal } = ports;
  const stop = new AbortController();
  let interruptCode: number | undefined;
  const release = ports.catchSignals((exitCode) => {
    interruptCode ??= exitCode;
    stop.abort();
  });
  try {
    return await work({
      ...(await ports.openRebuild(root, isWriter)),
      engine: ports.openEngine,
      listFeatures: () => withDatabases(ports, redisUrl, ({ tables }) => tables.listFeatures()),
      listLedgers: () => Object.values(ports.ledger.read().ledger),
      clock,
      report: terminal.report,
      signal: stop.signal,
    });
  } catch (error) {
    if (interruptCode === undefined || !(error instanceof CtrkitError)) throw error;
    terminal.report('interrupted: run it again to go on');
    return interruptCode;
  } finally {
    release();
  }
}
