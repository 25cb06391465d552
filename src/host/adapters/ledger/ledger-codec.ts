/** The ledger as text: JSON that people can read, with a checksum that tells a whole file from a torn or edited one. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { CtrkitError } from '../../../contract/errors.ts';
import type { FeatureLedger, Ledger } from '../../../contract/images/ledger.ts';
import { isFeatureName } from '../../../contract/names.ts';
import { toOneLine } from '../../../text/printable.ts';
import { FEATURE } from './ledger-schemas.ts';

const LEDGER_FORMAT = 1;
/** Some hundred features with lists as long as they get; a longer file is none of the kit's. */
export const MAX_LEDGER_BYTES = 8 * 1024 * 1024;

export type LedgerText =
  /** As some kit wrote it. `bad`: features whose entries make no sense, a line each. */
  | { readonly kind: 'whole'; readonly ledger: Ledger; readonly bad: ReadonlyMap<string, string> }
  /** It all makes sense, but it is not what was written: somebody has edited it, or a bit has flipped. */
  | { readonly kind: 'edited'; readonly ledger: Ledger; readonly why: string }
  /** Written, and whole, by a newer kit: not to be touched. */
  | { readonly kind: 'newer'; readonly why: string }
  | { readonly kind: 'broken'; readonly why: string };

/**
 * The same text for the same ledger. Throws CtrkitError('defect') for one that would not be read back as it is: that would
 * be to forget a golden image.
 */
export function encodeLedger(ledger: Ledger): string {
  const names = Object.keys(ledger).toSorted();
  const features = Object.fromEntries(names.map((name) => [name, normaliseFeature(name, ledger[name])]));
  const checksum = checksumOf({ format: LEDGER_FORMAT, features });
  return `${JSON.stringify({ format: LEDGER_FORMAT, checksum, features }, null, 2)}\n`;
}

/** In the order of the schema, whatever the order in the object at hand. */
function normaliseFeature(feature: string, entry: FeatureLedger | undefined): FeatureLedger {
  const { success, output } = v.safeParse(FEATURE, entry);
  if (success && isFeatureName(feature) && isDeepStrictEqual(output, entry)) return output;
  const name = toOneLine(feature, 40);
  throw new CtrkitError('defect', `the ledger of "${name}" would not be read back as it is`);
}

/** Never throws, whatever the text. */
export function decodeLedger(text: string): LedgerText {
  try {
    return decodeDocument(JSON.parse(text));
  } catch (error) {
    // Of JSON.parse, which quotes what it has found; or nested deeper than there is stack.
    return { kind: 'broken', why: toOneLine((error as Error).message, 200) };
  }
}

function decodeDocument(document: unknown): LedgerText {
  if (!isRecord(document)) return { kind: 'broken', why: 'it is no JSON object' };
  const { checksum, ...content } = document;
  const isAsWritten = checksum === checksumOf(content);
  const { format, features } = content;
  // Only if it is whole: one flipped bit makes a 1 a 3.
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
 * SHA-256 of everything in the document but the checksum, as JSON without blanks. Every format to come has to keep this
 * rule: it is how an older kit tells a newer file from a broken one.
 */
const checksumOf = (content: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
