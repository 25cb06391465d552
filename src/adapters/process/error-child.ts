import { spawn } from 'node:child_process';

const STDERR = 2;
export interface ErrorFile {
  /** Never throws, and never waits for a reader. */
  readonly write: (text: string) => void;
}

/** What waits for a reader beyond that is lost. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Writes to a stderr that this process may not open anew, another user's terminal or pipe, by a process that may wait for the
 * reader in its place. It ends with this one, or when the reader goes on after that.
 */
export function createChildFile(): ErrorFile {
  // A session of its own: what a terminal sends its processes is not meant for it.
  const child = spawn('/bin/cat', [], { stdio: ['pipe', STDERR, 'ignore'], detached: true });
  const { stdin } = child;
  // Where it can't be started, or has been ended, nothing is written.
  child.on('error', () => {});
  stdin?.on('error', () => {});
  child.unref();
  return {
    write(text) {
      if (stdin !== null && stdin.writableLength + text.length <= MAX_WAITING_BYTES) stdin.write(text);
    },
  };
}
