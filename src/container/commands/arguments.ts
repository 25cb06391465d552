import { markUnprintable } from '../../text/printable.ts';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { CtrkitError } from '../../contract/errors.ts';
import { isOwner, type Owner } from '../../contract/feature/feature.ts';
import { isFeatureName, isVersion, NO_VERSION } from '../../contract/names.ts';

/** The options of whoever asks the gate. */
export const GATE_OPTIONS = {
  feature: { type: 'string', short: 'f' },
  owner: { type: 'string', short: 'o' },
  version: { type: 'string', short: 'v' },
  once: { type: 'boolean' },
  redis: { type: 'string' },
} as const;

/** What `tokens` of parseArgs has of each word. */
interface OptionToken {
  readonly kind: string;
  readonly name?: string;
  readonly value?: string | undefined;
}

/** Parses the words and options of a command line. Throws CtrkitError('usage'), as every function of this file does. */
export function parseWords<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  // start.sh writes `-v ${IMAGE_VERSION}` without quotes: an image without a version ends in a bare -v.
  const isBare = args.at(-1) === '-v' || args.at(-1) === '--version';
  const config = {
    args: isBare ? [...args, ''] : [...args],
    options,
    allowPositionals: true,
    tokens: true,
  } as const;
  const parsed = runParser(() => parseArgs(config));
  assertSaidOnce(parsed.tokens);
  return parsed;
}

function runParser<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new CtrkitError('usage', takeFirstSentence((error as Error).message), { cause: error });
  }
}

/** The last of two values would count without a word: a script that was given two owners means one of them. */
function assertSaidOnce(tokens: readonly OptionToken[]): void {
  const names = tokens.flatMap(({ kind, name, value }) =>
    kind === 'option' && value !== undefined ? [name] : [],
  );
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new CtrkitError('usage', `--${twice} is there twice: write it once`);
}

const PLAIN_OPTIONS: ReadonlyMap<string, 'feature' | 'owner' | 'version'> = new Map([
  ['-f', 'feature'],
  ['-o', 'owner'],
  ['-v', 'version'],
]);

/**
 * Parses the words of a start.sh, `-f FEATURE -o OWNER -v VERSION`, as parseWords does; undefined for any others. Without
 * the parser of Node.js, which takes a millisecond to load.
 */
export function parsePlainWords(
  args: readonly string[],
): { feature?: string; owner?: string; version?: string } | undefined {
  const values: { feature?: string; owner?: string; version?: string } = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = PLAIN_OPTIONS.get(args[i] ?? '');
    const value = args[i + 1];
    if (name === undefined || value === undefined || value.startsWith('-')) return undefined;
    if (values[name] !== undefined) return undefined;
    values[name] = value;
  }
  return values;
}

export function assertFeatureName(text: string | undefined): string {
  if (text === undefined) throw new CtrkitError('usage', 'no feature is named: write -f FEATURE');
  if (isFeatureName(text)) return text;
  const rule = 'write 1 to 32 letters, digits, _ or -, beginning with a letter or digit';
  throw new CtrkitError('usage', `the feature's name "${toShortText(text)}" is not legal: ${rule}`);
}

export function assertOwner(text: string | undefined): Owner {
  if (text !== undefined && isOwner(text)) return text;
  const found = text === undefined ? 'no owner is named' : `the owner "${toShortText(text)}" is none`;
  throw new CtrkitError('usage', `${found}: write -o local or -o kube`);
}

/** An empty or missing version is 0.0.0 (HLD, "Feature Status"). */
export function assertVersion(text: string | undefined): string {
  if (text === undefined || text === '') return NO_VERSION;
  if (isVersion(text)) return text;
  const rule = 'write at most 128 printable ASCII characters without space or |';
  throw new CtrkitError('usage', `the version "${toShortText(text)}" is not legal: ${rule}`);
}

/** Shortens a word for a message and marks what is unprintable: it must not forge a line or colour a terminal. */
export const toShortText = (text: string | undefined): string =>
  // A URL in the wrong place may hold a password.
  /:\/\/|@/.test(text ?? '') ? '(a URL)' : markUnprintable((text ?? '').slice(0, 40));

export function assertNothingLeft(words: readonly string[]): void {
  if (words.length > 0) throw new CtrkitError('usage', `"${toShortText(words[0])}" is one word too many`);
}

/** The words before `--`; what follows is a command of its own. */
export function cutCommand(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  return end === -1 ? words : words.slice(0, end);
}

/** Refuses a `--` that nothing follows. */
export function assertCommandFollows(words: readonly string[]): void {
  if (words.indexOf('--') === words.length - 1 && words.length > 0)
    throw new CtrkitError('usage', 'no command follows --: write -- COMMAND [ARG...]');
}

/** Keeps the first sentence of an error of node:util: it says what is wrong; the rest is advice on its options. */
const takeFirstSentence = (text: string): string =>
  markUnprintable((text.split(/\.\s|\n/)[0] ?? text).slice(0, 120));
