/** The files of a state folder, and copies of them. All functions throw what node:fs throws. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../../adapters/disk/replace-file.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** A file that a writer has begun, and was killed or is about to rename. */
export const isTemporary = (path: string): boolean => path.endsWith('.tmp');

/** A process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The paths of all that is no folder, relative and sorted; empty where there is no such folder. Links are not followed. */
export function listFiles(folder: string, below = ''): string[] {
  return readNames(join(folder, below)).flatMap((name) => {
    const path = join(below, name);
    return isFolder(join(folder, path)) ? listFiles(folder, path) : [path];
  });
}

/** The folders below, the deepest first, and then the folder itself. */
export function listFolders(folder: string): string[] {
  const below = readNames(folder)
    .map((name) => join(folder, name))
    .filter(isFolder);
  return [...below.flatMap(listFolders), folder];
}

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** SHA-256 of a regular file; undefined if there is none. */
export function hashFile(path: string): string | undefined {
  const found = readRegular(path);
  return found === undefined ? undefined : hashBytes(found.bytes);
}

/**
 * Copies a regular file to a path where there is none, with its mode. On the disk when it returns, but for the name. Returns its
 * SHA-256; undefined if there is no such file.
 */
export function copyFile(from: string, to: string): string | undefined {
  const found = readRegular(from);
  if (found === undefined) return undefined;
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  const file = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, found.mode);
  try {
    writeFileSync(file, found.bytes);
    // Whatever the umask.
    fchmodSync(file, found.mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return hashBytes(found.bytes);
}

/** Undefined where there is none, or no longer: a command may remove a lock meanwhile. */
function readRegular(path: string): { readonly bytes: Buffer; readonly mode: number } | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isFile() ? { bytes: readFileSync(path), mode: stat.mode & 0o777 } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const hashBytes = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The names in the folder and in all below it are on the disk when it returns. */
export const syncTree = (folder: string): void => listFolders(folder).forEach(syncFolder);
