/** Small files in CTRKIT_RUN_DIR, by which the kit's processes of one container exchange data. */
import { chmodSync, closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { replaceFile } from '../../../adapters/disk/replace-file.ts';
import { watchFolder } from '../../../adapters/disk/watch-folder.ts';
import { CtrkitError } from '../../../contract/errors.ts';

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
 * of the whole sees the one line or the other.
 */
export function overwriteLine(path: string, line: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, line, 0, 'latin1');
    ftruncateSync(file, line.length);
  } finally {
    closeSync(file);
  }
}

/** Empty if there is none. Throws CtrkitError('defect'): what can't be read is not the same as nothing. */
export function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new CtrkitError('defect', `${path} can't be read: ${message}`, { cause: error });
  }
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
