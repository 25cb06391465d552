/** The two generations of the ledger on the disk, and which of them counts. */
import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { readWholeFile } from '../disk/durable-file.ts';
import { decodeLedger, MAX_LEDGER_BYTES, type LedgerText } from './ledger-codec.ts';

export const LEDGER_FILE = 'ledger.json';
/** The generation before it. */
export const PREVIOUS_LEDGER_FILE = 'ledger.previous.json';

export interface Generation {
  readonly name: string;
  /** Empty for a file that is missing or can't be read. */
  readonly text: string;
  readonly content: LedgerText | { readonly kind: 'missing' };
}

export interface Generations {
  readonly current: Generation;
  readonly previous: Generation;
}

/** `known`: decoded before. A file with the same text is not decoded again. */
export const readGenerations = (folder: string, known?: Generations): Generations => ({
  current: readGeneration(folder, LEDGER_FILE, known),
  previous: readGeneration(folder, PREVIOUS_LEDGER_FILE, known),
});

function readGeneration(folder: string, name: string, known: Generations | undefined): Generation {
  const file = readWholeFile(`${folder}/${name}`, MAX_LEDGER_BYTES);
  switch (file.kind) {
    case 'missing':
      return { name, text: '', content: file };
    case 'unreadable':
      return { name, text: '', content: { kind: 'broken', why: file.why } };
    case 'text':
      return { name, text: file.text, content: findContent(file.text, known) ?? decodeLedger(file.text) };
  }
}

/** A generation without text is a file that was missing, or could not be read. */
const findContent = (text: string, known: Generations | undefined): Generation['content'] | undefined =>
  [known?.current, known?.previous].find((generation) => text !== '' && generation?.text === text)?.content;

/** Exactly as a ctrkit wrote it. */
export const isFaultless = ({ content }: Generation): boolean =>
  content.kind === 'whole' && content.bad.size === 0;

/** The ledger that counts, in the order that createLedgerFile states; undefined if no generation can be read. */
export function selectLedger({ current, previous }: Generations): Ledger | undefined {
  for (const kind of ['whole', 'edited'] as const) {
    for (const { content } of [current, previous]) {
      if (content.kind !== kind) continue;
      return kind === 'whole' ? { ...selectBad(current, previous), ...content.ledger } : content.ledger;
    }
  }
  return undefined;
}

/** The previous generation's entries of features whose entries in the current one make no sense. */
function selectBad({ content }: Generation, previous: Generation): Ledger {
  if (content.kind !== 'whole' || previous.content.kind !== 'whole') return {};
  const { ledger } = previous.content;
  const found = [...content.bad.keys()].filter((feature) => Object.hasOwn(ledger, feature));
  return Object.fromEntries(found.map((feature) => [feature, ledger[feature] as FeatureLedger]));
}

/** What is not as it was written, one line each. */
export function describeProblems({ current, previous }: Generations): string[] {
  const isNothing = previous.content.kind === 'missing';
  if (current.content.kind === 'missing')
    return isNothing ? [] : [`${current.name} is missing`, ...describeGeneration(previous)];
  return [...describeGeneration(current), ...describeGeneration(previous)];
}

function describeGeneration({ name, content }: Generation): string[] {
  switch (content.kind) {
    case 'missing':
      return [];
    case 'whole':
      return [...content.bad.values()].map((line) => `${name}: ${line}`);
    case 'edited':
    case 'newer':
    case 'broken':
      return [`${name}: ${content.why}`];
  }
}
