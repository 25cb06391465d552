import { Command, CommanderError } from 'commander';
import { CtrkitError } from '../../../contract/errors.ts';
import { isOwner, type Owner } from '../../../contract/feature/feature.ts';
import { isFeatureName, isVersion, NO_VERSION } from '../../../contract/names.ts';
import { toPlainLine } from '../../../text/printable.ts';
import { CONTAINER_EXAMPLES } from './help.ts';

interface Common {
  readonly name: string;
  readonly redisUrl: string;
}

interface Ending {
  /** The databases are read only: nothing is written. */
  readonly skipUpdates: boolean;
}

/** One action, with its arguments checked. */
export type ContainerOptions = Common &
  (
    | { readonly action: 'wait' }
    | { readonly action: 'start' | 'id' | 'down' }
    | ({ readonly action: 'stop'; readonly graceS: number } & Ending)
    | ({ readonly action: 'kill' } & Ending)
    | { readonly action: 'up'; readonly owner: Owner; readonly version: string }
  );

export type ParsedLine =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'run'; readonly options: ContainerOptions };

interface Flags {
  readonly timeout?: string;
  /** True for a bare -v, as of an image without a version. */
  readonly version?: string | boolean;
  readonly skipUpdates?: boolean;
  readonly redis?: string;
}

/** Seconds, as `docker stop` has it. */
const DEFAULT_GRACE_S = 10;
/** Seconds: a day. */
const LONGEST_GRACE_S = 86_400;
/** Columns, whatever the terminal has: the examples are written for this width. */
const HELP_WIDTH = 96;

/** Throws CtrkitError('usage') with one line: what is wrong and what to do. */
export function parseContainerLine(args: readonly string[]): ParsedLine {
  let help = '';
  const program = createProgram((text) => (help += text));
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: help };
    throw new CtrkitError('usage', quoteWord(error.message.replace(/^error: /, ''), 200), { cause: error });
  }
  const [action = '', name = '', ...words] = program.args;
  const flags = program.opts<Flags>();
  if (!isFeatureName(name)) {
    const rule = 'write 1 to 32 letters, digits, _ or -, beginning with a letter or digit';
    throw new CtrkitError('usage', `the feature's name "${quoteWord(name)}" is not legal: ${rule}`);
  }
  const common = { name, redisUrl: flags.redis ?? '' };
  return { kind: 'run', options: { ...common, ...parseAction(action, words, flags) } };
}

/** The command has no subcommands, as the shipped one: options may stand before the action, and -t beside any action. */
const createProgram = (write: (text: string) => void): Command =>
  new Command('container')
    .description(
      'Starts, stops and waits for a feature of this switch, whether the switch or Kubernetes runs it.',
    )
    .argument('<action>', 'start, stop, kill, wait, id or state')
    .argument('<name>', 'the feature, as in CONFIG_DB FEATURE|NAME; lldp0 is the instance of ASIC 0')
    .argument('[words...]', 'for state: up local, up kube, or down')
    .option('-t, --timeout <seconds>', `stop: the time from SIGTERM to SIGKILL (default: ${DEFAULT_GRACE_S})`)
    .option('-v, --version [text]', `state up: the version of the image (default: ${NO_VERSION})`)
    .option('--skip-updates', 'stop, kill: read the databases and write nothing, before a warm reboot')
    .option('--redis <url>', 'the server of both databases: redis://..., rediss://... or unix:///path')
    .helpOption('-h, --help', 'show this text')
    .configureHelp({ helpWidth: HELP_WIDTH })
    .addHelpText('after', CONTAINER_EXAMPLES)
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .exitOverride();

type Action = ContainerOptions extends infer Options
  ? Options extends unknown
    ? Omit<Options, keyof Common>
    : never
  : never;

function parseAction(action: string, words: readonly string[], flags: Flags): Action {
  const skipUpdates = flags.skipUpdates ?? false;
  if (skipUpdates && action !== 'stop' && action !== 'kill')
    throw new CtrkitError('usage', `--skip-updates is for stop and kill, not for ${quoteWord(action)}`);
  if (flags.version !== undefined && action !== 'state')
    throw new CtrkitError('usage', '--version is for state NAME up');
  const graceS = parseGrace(flags.timeout);
  if (action === 'state') return parseState(words, flags.version);
  assertNothingLeft(words);
  switch (action) {
    case 'start':
    case 'wait':
    case 'id':
      return { action };
    case 'stop':
      return { action, graceS, skipUpdates };
    case 'kill':
      return { action, skipUpdates };
    default: {
      const known = 'start, stop, kill, wait, id or state';
      throw new CtrkitError('usage', `"${quoteWord(action)}" is nothing to do: write ${known}`);
    }
  }
}

function parseState([verb, owner, ...rest]: readonly string[], version: Flags['version']): Action {
  if (verb === 'down') {
    assertNothingLeft(owner === undefined ? rest : [owner]);
    if (version === undefined) return { action: 'down' };
    throw new CtrkitError('usage', '--version is for state NAME up');
  }
  if (verb !== 'up')
    throw new CtrkitError('usage', `"${quoteWord(verb ?? '')}" is no state: write up local, up kube or down`);
  assertNothingLeft(rest);
  if (owner === undefined || !isOwner(owner))
    throw new CtrkitError('usage', `the owner "${quoteWord(owner ?? '')}" is none: write local or kube`);
  return { action: 'up', owner, version: parseVersion(version) };
}

/** An empty or missing version is 0.0.0 (HLD, "Feature Status"). */
function parseVersion(text: Flags['version']): string {
  if (typeof text !== 'string' || text === '') return NO_VERSION;
  if (isVersion(text)) return text;
  const rule = 'write at most 128 printable ASCII characters without space or |';
  throw new CtrkitError('usage', `the version "${quoteWord(text)}" is not legal: ${rule}`);
}

function parseGrace(text: string | undefined): number {
  if (text === undefined) return DEFAULT_GRACE_S;
  if (/^\d{1,5}$/.test(text) && Number(text) <= LONGEST_GRACE_S) return Number(text);
  throw new CtrkitError(
    'usage',
    `the timeout "${quoteWord(text)}" is none: write whole seconds, 0 to ${LONGEST_GRACE_S}`,
  );
}

function assertNothingLeft([word]: readonly string[]): void {
  if (word !== undefined) throw new CtrkitError('usage', `"${quoteWord(word)}" is one word too many`);
}

/** For an error: what a person typed, without URLs, because a URL in the wrong place may hold a password. */
const quoteWord = (text: string, maxLength = 40): string =>
  toPlainLine(text.replaceAll(/\S*(?::\/\/|@)\S*/g, '(a URL)'), maxLength);
