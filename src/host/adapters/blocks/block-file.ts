import { lstatSync, readdirSync } from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';
import { MAX_OPERATOR_BLOCKS, type OperatorBlock } from '../../../contract/images/block.ts';
import { isFeatureName, isVersion } from '../../../contract/names.ts';
import type { BlockReading, BlockStore } from '../../../ports/block-store.ts';
import { createFolder, readWholeFile, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';
import { decodeBlocks, encodeBlocks } from './block-json.ts';

const SUFFIX = '.json';
/** The longest list of the longest blocks takes less. */
const MAX_BYTES = 262_144;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * One file for each feature that has blocks, `<folder>/<feature>.json`. A file that is no list of blocks, or that somebody else
 * than root may write, blocks nothing, is reported as a problem, and is never written over.
 */
export function createBlockFiles(folder: string): BlockStore {
  const pathOf = (feature: string): string => `${folder}/${feature}${SUFFIX}`;
  return {
    list: () => listBlocks(folder),
    add(feature, block) {
      assertNames(feature, block.version);
      const path = pathOf(feature);
      const found = readBlockFile(path, feature);
      if (typeof found === 'string') throw new CtrkitError('disk', `${path} ${found}: remove it first`);
      const blocks = [...found.filter(({ version }) => version !== block.version), block];
      if (blocks.length > MAX_OPERATOR_BLOCKS)
        throw new CtrkitError(
          'usage',
          `${MAX_OPERATOR_BLOCKS} versions of ${feature} are blocked: lift one first`,
        );
      wrapDiskError(path, 'written', () => {
        createFolder(folder);
        writeBlocks(path, feature, blocks);
      });
    },
    remove(feature, version) {
      assertNames(feature, version);
      const path = pathOf(feature);
      const found = readBlockFile(path, feature);
      if (typeof found === 'string' || !found.some((block) => block.version === version)) return false;
      const left = found.filter((block) => block.version !== version);
      if (left.length === 0) wrapDiskError(path, 'removed', () => removeDurably(path));
      else wrapDiskError(path, 'written', () => writeBlocks(path, feature, left));
      return true;
    },
  };
}

/** On the disk when it returns: an operator who was told of a block relies on it. */
const writeBlocks = (path: string, feature: string, blocks: readonly OperatorBlock[]): void =>
  writeDurably(path, encodeBlocks(feature, blocks), `${path}.${process.pid}.tmp`);

function listBlocks(folder: string): BlockReading {
  const blocks = new Map<string, readonly OperatorBlock[]>();
  const problems: string[] = [];
  for (const name of readNames(folder)) {
    const feature = name.slice(0, -SUFFIX.length);
    const path = `${folder}/${name}`;
    const found = isFeatureName(feature) ? readBlockFile(path, feature) : 'is named after no feature';
    if (typeof found === 'string') problems.push(`${path} ${found}, and blocks nothing: remove it`);
    else if (found.length > 0) blocks.set(feature, found);
  }
  return { blocks, problems };
}

/** The blocks in the file, none where there is no file. A text says what is wrong with it. Throws nothing. */
export function readBlockFile(path: string, feature: string): readonly OperatorBlock[] | string {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (stat.isFile() && !isTrusted(stat)) return 'may be written by others than root';
    const reading = readWholeFile(path, MAX_BYTES);
    switch (reading.kind) {
      case 'missing':
        return [];
      case 'unreadable':
        return `can't be read (${reading.why})`;
      case 'text':
        return decodeBlocks(reading.text, feature) ?? 'is no list of blocks of this feature';
    }
  } catch (error) {
    return `can't be read (${(error as Error).message})`;
  }
}

const isTrusted = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  (uid === 0 || uid === process.getuid?.()) && (mode & WRITABLE_BY_OTHERS) === 0;

/** Sorted. What a writer that was killed has left has another suffix. */
function readNames(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
    return names.toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CtrkitError('disk', `${folder} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

function assertNames(feature: string, version: string): void {
  if (!isFeatureName(feature))
    throw new CtrkitError('usage', 'a block needs the name of a feature: letters, digits, _ and -');
  if (!isVersion(version))
    throw new CtrkitError('usage', 'a block needs a version: printable ASCII characters without space or |');
}
