/** Small files in CTRKIT_RUN_DIR, by which the kit's processes of one container tell each other things. */
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';

/** Whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
export function writeAtomically(folder: string, name: string, text: string, mode: number): void {
  const path = `${folder}/${name}`;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    createFolder(folder);
    // No fsync: what lies here does not outlive the boot, so it need not outlive a power cut.
    writeFileSync(temporary, text, { mode });
    // Whatever the umask: kubelet's probe may run as another user.
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    removeIfExists(temporary);
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

export function removeIfExists(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A folder that can't be written, or is none: whoever writes next says so.
  }
}

/**
 * Calls `onChange` after each change of one of the files; returns how to stop. A change may be missed: look again now
 * and then.
 */
export function watchFiles(folder: string, names: readonly string[], onChange: () => void): () => void {
  try {
    createFolder(folder);
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && names.includes(name)) onChange();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    // No inotify to be had, or no folder yet: who asks looks again now and then anyway.
    return () => {};
  }
}
