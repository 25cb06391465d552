/** Small files in CTRKIT_RUN_DIR, by which the kit's processes of one container exchange data. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../../../adapters/disk/replace-file.ts';
import { watchFolder } from '../../../adapters/disk/watch-folder.ts';
import { CtrkitError } from '../../../contract/errors.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
export function writeAtomically(folder: string, name: string, text: string, mode: number): void {
  const path = `${folder}/${name}`;
  try {
    createFolder(folder);
    // It is not made durable: what lies here does not outlive the boot, so it need not outlive a power cut.
    replaceFile(path, text, { mode });
  } catch (error) {
    throw new CtrkitError('defect', `${path} can't be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Whatever the umask: kubelet's probe may run as another user. */
function createFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(folder, 0o755);
}

/**
 * One line over the one that is there, for a disk that is full: its block is there already. In this order a reader
 * of the whole sees the one line or the other. Throws for a link, symbolic or hard: the file may be anybody's.
 */
export function overwriteLine(path: string, line: string): void {
  const file = openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.nlink !== 1) throw new Error(`${path} is no file of its own`);
    writeSync(file, line, 0, 'latin1');
    ftruncateSync(file, line.length);
  } finally {
    closeSync(file);
  }
}

/** The largest of them is a claim, of some hundred bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Empty if there is none. Throws CtrkitError('defect'): what can't be read is not the same as nothing. A link is not
 * followed, a pipe in the file's place keeps nobody waiting, and what another user has put there is not believed.
 */
export function readIfExists(path: string): string {
  try {
    return readRegularFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new CtrkitError('defect', `${path} can't be read: ${message}`, { cause: error });
  }
}

function readRegularFile(path: string): string {
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const problem = findFileProblem(fstatSync(file), path);
    if (problem !== undefined) throw new Error(problem);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Why a file of the run folder is not one of the kit's; undefined if it is. Whoever owns the folder may have put it there. */
export function findFileProblem(stat: Stats, path: string): string | undefined {
  if (!stat.isFile()) return 'it is no regular file';
  if (stat.size > MAX_BYTES) return 'it is too long';
  if (stat.uid === 0 || stat.uid === process.geteuid?.() || stat.uid === statSync(dirname(path)).uid)
    return undefined;
  return `it belongs to user ${stat.uid}`;
}

/** Does what watchFolder does; the folder is made first, so that the first file is seen as well. */
export function watchFiles(folder: string, names: readonly string[], onChange: () => void): () => void {
  try {
    createFolder(folder);
  } catch {
    // Nothing can be watched there, and whoever writes says what is wrong.
  }
  return watchFolder(folder, names, onChange);
}
