/** Files and folders that outlive a power cut at any point. All functions throw what node:fs throws. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile, syncFolder } from '../../../adapters/disk/replace-file.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Does what replaceFile does; the file is on the disk when it returns. Anybody may read it unless `mode` says otherwise. */
export const writeDurably = (path: string, text: string, temporary: string, mode = 0o644): void =>
  replaceFile(path, text, { mode, temporary, isDurable: true });

/** False if there was no such file. On the disk when it returns. */
export function removeDurably(path: string): boolean {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw error;
  }
  syncFolder(dirname(path));
  return true;
}

/** Makes the folder and those above it; they are on the disk when it returns. A folder that exists stays as it is. */
export function createFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  // Whatever the umask: anybody may ask what is golden.
  chmodSync(folder, 0o755);
  for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** What is at a path. */
type Unread =
  | { readonly kind: 'missing' }
  /** There is something, but no regular file of at most `maxBytes`. */
  | { readonly kind: 'unreadable'; readonly why: string };

type FileReading = { readonly kind: 'text'; readonly text: string } | Unread;
type BytesReading = { readonly kind: 'bytes'; readonly bytes: Buffer } | Unread;

/** Never waits for a pipe in its place, and follows no link. Throws where the file can't be reached at all. */
export function readWholeFile(path: string, maxBytes: number): FileReading {
  const reading = readWholeBytes(path, maxBytes);
  return reading.kind === 'bytes' ? { kind: 'text', text: reading.bytes.toString('utf8') } : reading;
}

/** The same, as it is. */
export function readWholeBytes(path: string, maxBytes: number): BytesReading {
  try {
    return readOpened(openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW), maxBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'missing' };
    // A link, a socket or a device in its place; a block that the disk can't give any more.
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EIO') return { kind: 'unreadable', why: message };
    throw error;
  }
}

function readOpened(file: number, maxBytes: number): BytesReading {
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return { kind: 'unreadable', why: 'it is no regular file' };
    if (stat.size > maxBytes) return { kind: 'unreadable', why: `it is longer than ${maxBytes} bytes` };
    const bytes = Buffer.alloc(stat.size);
    let size = 0;
    for (let more = -1; more !== 0 && size < bytes.length; size += more) {
      more = readSync(file, bytes, size, bytes.length - size, null);
    }
    return { kind: 'bytes', bytes: bytes.subarray(0, size) };
  } finally {
    closeSync(file);
  }
}
