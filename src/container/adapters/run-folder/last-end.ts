import { existsSync } from 'node:fs';
import type { LastEnd } from '../../../ports/last-end.ts';
import { overwriteLine, readIfExists, writeAtomically } from './files.ts';

const LAST_END_FILE = 'last-end';
/** Kubernetes creates this file, and shows its content as the message of the container's last state. */
const TERMINATION_LOG = '/dev/termination-log';
/** Kubernetes takes 4096 bytes; a reason is one line. */
const MAX_LENGTH = 1024;

/** The file `last-end` in `folder`, which survives a restart of the same container, and the termination log of a pod. */
export function createLastEnd(folder: string, terminationLog = TERMINATION_LOG): LastEnd {
  const write = (put: () => void) => {
    try {
      put();
    } catch {
      // The log has the reason too, and the end of the container must not wait for a disk.
    }
  };
  return {
    read: () => readLine(`${folder}/${LAST_END_FILE}`),
    write(text) {
      const line = `${text.slice(0, MAX_LENGTH)}\n`;
      write(() => writeAtomically(folder, LAST_END_FILE, line, 0o644));
      write(() => {
        // Written only where the file exists: a file of its own in /dev is of no use to anybody.
        if (existsSync(terminationLog)) overwriteLine(terminationLog, line);
      });
    },
  };
}

function readLine(path: string): string {
  try {
    return readIfExists(path).slice(0, MAX_LENGTH).trim();
  } catch {
    return '';
  }
}
