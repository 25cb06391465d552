/**
 * The blocks of one feature as they are on the disk: JSON that people can read, with field names in the style of the databases.
 * `container start` reads it too, so nothing is loaded for it.
 */
import { MAX_OPERATOR_BLOCKS, type OperatorBlock } from '../../../contract/images/block.ts';
import { isVersion } from '../../../contract/names.ts';
import { toPlainLine } from '../../../text/printable.ts';

const FORMAT = 1;
/** A longer owner or reason is cut. */
const MAX_OWNER_LENGTH = 64;
const MAX_REASON_LENGTH = 300;

export const encodeBlocks = (feature: string, blocks: readonly OperatorBlock[]): string =>
  `${JSON.stringify(
    {
      format: FORMAT,
      feature,
      blocks: blocks.map(({ version, reason, owner, sinceTs }) => ({
        version,
        reason: toPlainLine(reason, MAX_REASON_LENGTH),
        owner: toPlainLine(owner, MAX_OWNER_LENGTH),
        since_ts: sinceTs,
      })),
    },
    undefined,
    2,
  )}\n`;

/** Undefined for text that is no list of this feature's blocks. */
export function decodeBlocks(text: string, feature: string): OperatorBlock[] | undefined {
  const document = parseJson(text);
  if (!isRecord(document) || document['format'] !== FORMAT || document['feature'] !== feature)
    return undefined;
  const { blocks } = document;
  if (!Array.isArray(blocks) || blocks.length > MAX_OPERATOR_BLOCKS) return undefined;
  const decoded = blocks.map(decodeBlock);
  const whole = decoded.filter((block) => block !== undefined);
  return whole.length === decoded.length ? whole : undefined;
}

/** A version becomes part of a label's name, so it must be a legal one. */
function decodeBlock(entry: unknown): OperatorBlock | undefined {
  if (!isRecord(entry)) return undefined;
  const { version, reason, owner, since_ts: sinceTs } = entry;
  if (typeof version !== 'string' || !isVersion(version)) return undefined;
  if (typeof reason !== 'string' || typeof owner !== 'string') return undefined;
  if (typeof sinceTs !== 'number' || !Number.isSafeInteger(sinceTs) || sinceTs < 0) return undefined;
  return {
    version,
    reason: toPlainLine(reason, MAX_REASON_LENGTH),
    owner: toPlainLine(owner, MAX_OWNER_LENGTH),
    sinceTs,
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
