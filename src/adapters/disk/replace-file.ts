import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export interface ReplaceOptions {
  /** Mode of the new file, whatever the umask. */
  readonly mode: number;
  /** Where the text is written first, in the same folder; left out for `<path>.<pid>.tmp`. What is there is removed. */
  readonly temporary?: string;
  /** Outlives a power cut: it is on the disk when this returns. Takes milliseconds; what ends with the boot does without. */
  readonly isDurable?: boolean;
}

/**
 * Puts a file with this text in the place of the one at `path`, whole or not at all: a reader has the one or the other,
 * and so has whoever finds the disk after a crash. Throws what node:fs throws.
 */
export function replaceFile(path: string, text: string | Uint8Array, options: ReplaceOptions): void {
  const { temporary = `${path}.${process.pid}.tmp`, isDurable = false } = options;
  try {
    writeTemporary(temporary, text, options);
    renameSync(temporary, path);
  } catch (error) {
    removeIfExists(temporary);
    throw error;
  }
  if (isDurable) syncFolder(dirname(path));
}

function writeTemporary(path: string, text: string | Uint8Array, options: ReplaceOptions): void {
  try {
    writeNewFile(path, text, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Left by a writer that was killed; or put there by somebody, and then not to be followed.
    rmSync(path, { force: true });
    writeNewFile(path, text, options);
  }
}

function writeNewFile(
  path: string,
  text: string | Uint8Array,
  { mode, isDurable = false }: ReplaceOptions,
): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    writeFileSync(file, text);
    // Whatever the umask.
    fchmodSync(file, mode);
    if (isDurable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Flushes the names in it: a rename or a removal is on the disk only when its folder is. Throws what node:fs throws. */
export function syncFolder(folder: string): void {
  const opened = openSync(folder, O_RDONLY);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Never throws: what is wrong with the folder, or a folder in the file's place, is found by whoever writes next. */
export function removeIfExists(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // See above.
  }
}
