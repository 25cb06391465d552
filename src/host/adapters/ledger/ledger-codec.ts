/** The ledger as text: JSON that people can read, with a checksum that shows whether a file is torn or edited. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { CtrkitError } from '../../../contract/errors.ts';
import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { isFeatureName } from '../../../contract/names.ts';
import { toOneLine } from '../../../text/printable.ts';
import { FEATURE } from './ledger-schemas.ts';

const LEDGER_FORMAT = 1;
/** Enough for some hundred features with the longest lists: a longer file is not ctrkit's. */
export const MAX_LEDGER_BYTES = 8 * 1024 * 1024;

/** What a text turned out to be. `why` is one line for people. */
export type LedgerText =
  /** A ctrkit wrote it. `bad` has one line for each feature whose entry makes no sense. */
  | { readonly kind: 'whole'; readonly ledger: Ledger; readonly bad: ReadonlyMap<string, string> }
  /** All entries make sense, but the checksum is wrong: somebody has edited it, or a bit has flipped. */
  | { readonly kind: 'edited'; readonly ledger: Ledger; readonly why: string }
  /** A newer ctrkit wrote it, in a format of its own: it must not be touched. */
  | { readonly kind: 'newer'; readonly why: string }
  | { readonly kind: 'broken'; readonly why: string };

/**
 * The same text for the same ledger. Throws CtrkitError('defect') for a ledger that would be read back as another: a golden
 * image would be forgotten.
 */
export function encodeLedger(ledger: Ledger): string {
  const names = Object.keys(ledger).toSorted();
  const features = Object.fromEntries(names.map((name) => [name, encodeFeature(name, ledger[name])]));
  const checksum = checksumOf({ format: LEDGER_FORMAT, features });
  return `${JSON.stringify({ format: LEDGER_FORMAT, checksum, features }, null, 2)}\n`;
}

/** Entries that were checked: nobody changes one, and a write of the ledger has one or two that are new. */
const normalised = new WeakMap<FeatureLedger, FeatureLedger>();
/** What an earlier release requires of an entry; what follows a certification is decided at each look since. */
const NO_DUTIES = { tagAsLocal: false, removeLocalContainer: false, cleanUp: false };

/** An earlier release takes an entry whose golden image has an open fallback for nonsense, so that one is kept apart. */
function encodeFeature(feature: string, entry: FeatureLedger | undefined): object {
  const { golden, ...rest } = normaliseFeature(feature, entry);
  const hasFailed = rest.fallbacks.some(({ imageId }) => imageId === golden?.imageId);
  return { [hasFailed ? 'failedGolden' : 'golden']: golden, ...rest, duties: NO_DUTIES };
}

/** The entry with its fields in the order of the schema. */
function normaliseFeature(feature: string, entry: FeatureLedger | undefined): FeatureLedger {
  const known = entry && normalised.get(entry);
  if (known !== undefined && isFeatureName(feature)) return known;
  const { success, output } = v.safeParse(FEATURE, entry);
  if (entry !== undefined && success && isFeatureName(feature) && isDeepStrictEqual(output, entry)) {
    normalised.set(entry, output);
    return output;
  }
  const name = toOneLine(feature, 40);
  throw new CtrkitError('defect', `the ledger of "${name}" would not be read back as it is`);
}

/** Never throws, whatever the text. */
export function decodeLedger(text: string): LedgerText {
  try {
    return decodeDocument(JSON.parse(text));
  } catch (error) {
    // JSON.parse quotes what it has found; or the text is nested deeper than the stack is.
    return { kind: 'broken', why: toOneLine((error as Error).message, 200) };
  }
}

function decodeDocument(document: unknown): LedgerText {
  if (!isRecord(document)) return { kind: 'broken', why: 'it is no JSON object' };
  const { checksum, ...content } = document;
  const isAsWritten = checksum === checksumOf(content);
  const { format, features } = content;
  // The checksum must be correct: one flipped bit turns a 1 into a 3.
  if (isAsWritten && Number.isSafeInteger(format) && (format as number) > LEDGER_FORMAT)
    return { kind: 'newer', why: `it has format ${String(format)}, this kit knows ${LEDGER_FORMAT}` };
  if (format !== LEDGER_FORMAT || !isRecord(features))
    return { kind: 'broken', why: 'it has no format 1 with features' };
  const { ledger, bad } = decodeFeatures(features);
  if (isAsWritten) return { kind: 'whole', ledger, bad };
  if (bad.size > 0) return { kind: 'broken', why: [...bad.values()].join('; ') };
  return {
    kind: 'edited',
    ledger,
    why: 'its checksum is not that of its content: it has been edited or damaged',
  };
}

function decodeFeatures(features: Readonly<Record<string, unknown>>): {
  ledger: Ledger;
  bad: ReadonlyMap<string, string>;
} {
  const good: [string, FeatureLedger][] = [];
  const bad = new Map<string, string>();
  for (const [feature, entry] of Object.entries(features)) {
    const name = toOneLine(feature, 40);
    const { success, output, issues } = v.safeParse(FEATURE, entry, { abortEarly: true });
    if (!isFeatureName(feature)) bad.set(name, `"${name}" is no name of a feature`);
    else if (success) good.push([feature, output]);
    else bad.set(feature, `${feature}: ${toOneLine(v.getDotPath(issues[0]) ?? 'it', 80)} makes no sense`);
  }
  return { ledger: Object.fromEntries(good), bad };
}

/**
 * SHA-256 of everything in the document except the checksum, as JSON without blanks. Every future format has to keep this
 * rule: by it an older ctrkit tells a newer file from a broken one.
 */
const checksumOf = (content: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
