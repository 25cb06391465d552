import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { MANIFEST_NAME, type ExportManifest } from '../../../contract/rebuild/node-export.ts';
import type { ArchiveReader } from '../../../ports/node-archive.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { decodeManifest } from './manifest-json.ts';
import { BLOCK_BYTES, countPadding, decodeHeader } from './tar-header.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const CHUNK_BYTES = 1024 * 1024;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_MEMBERS = 10_000;

interface FoundMember {
  readonly at: number;
  readonly size: number;
  readonly sha256: string;
}

/** `findLimit`: the most bytes of a member of that name; undefined where no export has such a name. */
export type FindLimit = (path: string) => number | undefined;

/**
 * Reads all of the archive before it gives anything out of it: the names are known ones, each is there once, sizes and
 * checksums are those of the manifest, which is the last member. Throws CtrkitError('disk').
 */
export async function openArchive(path: string, findLimit: FindLimit): Promise<ArchiveReader> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    await assertOwn(file);
    const members = await scanMembers(file, findLimit);
    const manifest = await readManifest(file, members);
    return createReader(file, { manifest, members });
  } catch (error) {
    await file?.close();
    const text = `${path} can't be imported: ${(error as Error).message}`;
    throw new CtrkitError('disk', text, { cause: error });
  }
}

/** It holds keys, and what is imported runs as root. */
async function assertOwn(file: FileHandle): Promise<void> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new Error('it is no regular file');
  if (stat.uid !== 0 && stat.uid !== process.geteuid?.())
    throw new Error(`it belongs to user ${stat.uid}: chown root`);
  if ((stat.mode & 0o022) !== 0) throw new Error('others than root may write it: chmod 0600');
}

async function scanMembers(file: FileHandle, findLimit: FindLimit): Promise<Map<string, FoundMember>> {
  const members = new Map<string, FoundMember>();
  for (let at = 0; ;) {
    const header = decodeHeader(await readExactly(file, at, BLOCK_BYTES));
    if (header === 'end') return members;
    const { name, size } = header;
    const limit = name === MANIFEST_NAME ? MAX_MANIFEST_BYTES : findLimit(name);
    const shown = JSON.stringify(name);
    if (limit === undefined) throw new Error(`${shown} in it is none of an export's files`);
    if (size > limit) throw new Error(`${shown} in it is longer than ${limit} bytes`);
    if (members.has(name)) throw new Error(`${shown} is in it twice`);
    if (members.has(MANIFEST_NAME)) throw new Error(`${shown} comes after its manifest`);
    if (members.size >= MAX_MEMBERS) throw new Error(`it has more than ${MAX_MEMBERS} files`);
    const start = at + BLOCK_BYTES;
    members.set(name, { at: start, size, sha256: await hashRange(file, start, size) });
    at = start + size + countPadding(size);
  }
}

async function readManifest(
  file: FileHandle,
  members: ReadonlyMap<string, FoundMember>,
): Promise<ExportManifest> {
  const found = members.get(MANIFEST_NAME);
  if (found === undefined) throw new Error('it has no manifest: it was cut short');
  const manifest = decodeManifest((await readExactly(file, found.at, found.size)).toString('utf8'));
  const listed = new Set(manifest.files.map(({ path }) => path));
  if (listed.size !== members.size - 1) throw new Error('its manifest does not list what is in it');
  for (const { path, size, sha256 } of manifest.files) {
    const member = members.get(path);
    if (member === undefined) throw new Error(`${path} is missing`);
    if (member.size !== size || member.sha256 !== sha256) throw new Error(`${path} in it is damaged`);
  }
  return manifest;
}

interface ReadArchive {
  readonly manifest: ExportManifest;
  readonly members: ReadonlyMap<string, FoundMember>;
}

function createReader(file: FileHandle, { manifest, members }: ReadArchive): ArchiveReader {
  const require = (path: string): FoundMember => {
    const member = members.get(path);
    if (member === undefined) throw new CtrkitError('defect', `${path} is not in the export`);
    return member;
  };
  return {
    manifest,
    readFile: async (path) => {
      const { at, size } = require(path);
      return readExactly(file, at, size);
    },
    openStream: (path) => {
      const { at, size } = require(path);
      return readRange(file, at, size);
    },
    close: () => file.close(),
  };
}

async function* readRange(file: FileHandle, start: number, size: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < size;) {
    const length = Math.min(CHUNK_BYTES, size - done);
    yield await readExactly(file, start + done, length);
    done += length;
  }
}

async function hashRange(file: FileHandle, start: number, size: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(file, start, size)) hash.update(chunk);
  return hash.digest('hex');
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new Error('it was cut short');
    done += bytesRead;
  }
  return bytes;
}
