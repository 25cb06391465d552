/** The command line of `ctrkit`. */
import { Command, CommanderError } from 'commander';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { hideUrls, parseFeature, parseLockTime, parseText, parseVersion } from './terminal/arguments.ts';
import { printExplanation } from './explain/explain-command.ts';
import {
  BLOCK_HELP,
  EXIT_HELP,
  EXPLAIN_HELP,
  IMAGES_HELP,
  LOCK_HELP,
  MANIFEST_HELP,
  STATUS_HELP,
  UNBLOCK_HELP,
} from './help-text.ts';
import { printImages } from './images/images.ts';
import { addKube } from './kube/kube.ts';
import { blockVersion, printBlocks } from './lock/block.ts';
import { addLock, printLocks, removeLock } from './lock/lock.ts';
import { addNode } from './node/node.ts';
import { addManifestOptions, type ManifestFlags } from './manifest/manifest-options.ts';
import type { CtrkitPorts, SwitchDatabases } from './reading/ports.ts';
import { addCtrmgrTools } from './reboot/ctrmgr-tools.ts';
import { addReboot } from './reboot/reboot.ts';
import { withDatabases } from './reading/with-databases.ts';
import { printStatus } from './status/status.ts';
import { watchStatus } from './status/status-watch.ts';
import { unblockVersion } from './lock/unblock.ts';

/** What a subcommand is built with. */
interface Context {
  readonly ports: CtrkitPorts;
  /** Sets the exit code. */
  readonly end: (exitCode: number) => void;
  readonly redisUrl: () => string;
  /** The whole command line. */
  readonly words: readonly string[];
}

/** Each adds a subcommand; in the order of `--help`. */
const SUBCOMMANDS: readonly ((program: Command, context: Context) => void)[] = [
  addStatus,
  addExplain,
  addImages,
  addLocks,
  addBlock,
  addUnblock,
  addManifest,
  addKube,
  addReboot,
  addCtrmgrTools,
  addNode,
];

/** Runs the subcommand that `args` name. Returns the exit code; throws CtrkitError. */
export async function runCtrkit(args: readonly string[], ports: CtrkitPorts): Promise<number> {
  let exitCode: number = EXIT.ok;
  let complaint = '';
  const program = new Command('ctrkit')
    .description(
      'Shows what runs on this switch and why, which images are golden, and what ctrkitd does next.',
    )
    .option('--redis <url>', 'the server of both databases: redis://..., rediss://... or unix:///path')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: ports.terminal.write, writeErr: (text) => (complaint += text) })
    .exitOverride()
    .addHelpText('after', EXIT_HELP);
  const context: Context = {
    ports,
    end: (code) => (exitCode = code),
    redisUrl: () => program.opts<{ redis?: string }>().redis ?? '',
    words: args,
  };
  for (const add of SUBCOMMANDS) add(program, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    // No subcommand: commander writes the help.
    if (error.code === 'commander.help') {
      ports.terminal.complain(complaint);
      return EXIT.usage;
    }
    const text = error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ');
    throw new CtrkitError('usage', hideUrls(text), { cause: error });
  }
  return exitCode;
}

async function runOnDatabases(
  { ports, redisUrl, end }: Context,
  work: (databases: SwitchDatabases) => Promise<number>,
): Promise<void> {
  end(await withDatabases(ports, redisUrl(), work));
}

function addStatus(program: Command, context: Context): void {
  const { ports } = context;
  program
    .command('status')
    .description('show every feature: what is configured, what runs, how healthy it is, what is golden')
    .argument('[feature]', 'only this feature', parseFeature)
    .option('--json', 'print JSON, for programs')
    .option('--watch', 'redraw with every change, until Ctrl-C')
    .addHelpText('after', STATUS_HELP)
    .action(
      (feature: string | undefined, { json = false, watch = false }: { json?: boolean; watch?: boolean }) =>
        runOnDatabases(context, (databases) =>
          (watch ? watchStatus : printStatus)({ feature, json }, ports, databases),
        ),
    );
}

function addExplain(program: Command, { ports, end, redisUrl }: Context): void {
  program
    .command('explain')
    .description(
      'explain why a feature is held, not ready, not golden yet or falling back, and how to change that',
    )
    .argument('<feature>', 'its name in CONFIG_DB FEATURE', parseFeature)
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (feature: string, { json = false }: { json?: boolean }) =>
      end(await printExplanation({ feature, json, redisUrl: redisUrl() }, ports)),
    );
}

function addImages(program: Command, context: Context): void {
  program
    .command('images')
    .description('list the images of each feature, and what a clean-up would remove')
    .argument('[feature]', 'only this feature', parseFeature)
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', IMAGES_HELP)
    .action((feature: string | undefined, { json = false }: { json?: boolean }) =>
      runOnDatabases(context, (databases) => printImages({ feature, json }, context.ports, databases)),
    );
}

interface AddOptions {
  readonly reason: string;
  readonly for?: number;
  readonly owner?: string;
  readonly replace?: boolean;
}

function addLocks(program: Command, { ports, end, redisUrl }: Context): void {
  const lock = program
    .command('lock')
    .description('keep ctrkitd from switching a feature, falling back and cleaning up')
    .addHelpText('after', LOCK_HELP);
  lock
    .command('add')
    .description('lock a feature')
    .argument('<feature>', 'its name in CONFIG_DB FEATURE', parseFeature)
    .requiredOption('--reason <text>', 'the reason, for other people', (text) => parseText('--reason', text))
    .option('--for <time>', 'how long: N[s|m|h|d] (default: until it is removed)', parseLockTime)
    .option('--owner <name>', 'the name on the lock (default: yours)', (text) => parseText('--owner', text))
    .option('--replace', 'replace a lock that is there')
    .action(async (feature: string, { reason, for: forMs = 0, owner = '', replace = false }: AddOptions) =>
      end(await addLock({ feature, reason, forMs, owner, replace, redisUrl: redisUrl() }, ports)),
    );
  lock
    .command('rm')
    .description('remove the lock of a feature, whoever set it')
    .argument('<feature>', 'its name in ctrkit lock list', parseFeature)
    .action((feature: string) => end(removeLock(feature, ports)));
  lock
    .command('list')
    .description('list all locks')
    .option('--json', 'print JSON, for programs')
    .action(({ json = false }: { json?: boolean }) => end(printLocks(json, ports)));
}

interface BlockFlags {
  readonly reason?: string;
  readonly json?: boolean;
}

function addBlock(program: Command, context: Context): void {
  const { ports, end } = context;
  program
    .command('block')
    .description('keep a version of a feature from running here, across boots; or list what is blocked')
    .argument('[feature]', 'its name in CONFIG_DB FEATURE; none: list all blocks', parseFeature)
    .argument('[version]', 'the version; none: list the blocks of the feature', parseVersion)
    .option('--reason <text>', 'the reason, for other people', (text) => parseText('--reason', text))
    .option('--json', 'the list: print JSON, for programs')
    .addHelpText('after', BLOCK_HELP)
    .action(async (feature: string | undefined, version: string | undefined, flags: BlockFlags) => {
      const { reason = 'no reason given', json = false } = flags;
      if (feature === undefined || version === undefined) {
        if (flags.reason !== undefined)
          throw new CtrkitError('usage', '--reason is for a version: name it too');
        return end(printBlocks({ feature, json }, ports));
      }
      await runOnDatabases(context, (databases) =>
        blockVersion({ feature, version, reason }, ports, databases),
      );
    });
}

function addUnblock(program: Command, context: Context): void {
  program
    .command('unblock')
    .description('lift the block of a version, an operator’s or that of a fallback')
    .argument('<feature>', 'its name in CONFIG_DB FEATURE', parseFeature)
    .argument('<version>', 'the version, as ctrkit explain names it', parseVersion)
    .addHelpText('after', UNBLOCK_HELP)
    .action((feature: string, version: string) =>
      runOnDatabases(context, (databases) => unblockVersion({ feature, version }, context.ports, databases)),
    );
}

function addManifest(program: Command, { ports, end, words }: Context): void {
  const command = program
    .command('manifest')
    .description('write the Kubernetes manifest that deploys a feature on switches, as YAML')
    .addHelpText('after', MANIFEST_HELP);
  addManifestOptions(command).action(async (feature: string, flags: ManifestFlags) => {
    // Loaded when used: no other command needs YAML.
    const { printManifest } = await import('./manifest/manifest.ts');
    end(await printManifest(feature, flags, ports, words));
  });
}
