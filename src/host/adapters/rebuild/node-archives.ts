import { lstatSync, readSync, openSync, closeSync, constants } from 'node:fs';
import { join } from 'node:path';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXPORT_FILE } from '../../../contract/rebuild/node-export.ts';
import type { NodeArchives } from '../../../ports/node-archive.ts';
import { openArchive, type FindLimit } from './archive-reader.ts';
import { createArchive } from './archive-writer.ts';
import { BLOCK_BYTES, decodeHeader } from './tar-header.ts';

export function createNodeArchives(findLimit: FindLimit): NodeArchives {
  return {
    locate: (path) =>
      path.endsWith('/') || lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
        ? join(path, EXPORT_FILE)
        : path,
    async create(path, isForced) {
      if (!isForced && !isReplaceable(path, findLimit))
        throw new CtrkitError('usage', `${path} is there and is no export: name another file, or --force`);
      return createArchive(path);
    },
    open: (path) => openArchive(path, findLimit),
  };
}

/** There is nothing, or an export, by its first member. */
function isReplaceable(path: string, findLimit: FindLimit): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  if (!stat.isFile()) return false;
  const header = Buffer.alloc(BLOCK_BYTES);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (readSync(file, header, 0, BLOCK_BYTES, 0) < BLOCK_BYTES) return false;
    const member = decodeHeader(header);
    return member !== 'end' && (findLimit(member.name) !== undefined || member.name === 'manifest.json');
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}
