import { spawn } from 'node:child_process';

const STDERR = 2;

/**
 * Starts a process that writes to a stderr which this one may not open anew, another user's terminal or pipe, and may wait for the
 * reader in its place. Returns what it reads, a file descriptor that never makes anybody wait; undefined where it can't be started.
 * It ends with this process, or when the reader goes on after that.
 */
export function startErrorChild(): number | undefined {
  // A session of its own: what a terminal sends its processes is not meant for it.
  const child = spawn('/bin/cat', [], { stdio: ['pipe', STDERR, 'ignore'], detached: true });
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  // Written to as a file, not as a stream: what a stream could not write yet would keep this process alive.
  const { _handle: handle } = child.stdin as unknown as {
    readonly _handle: { readonly fd: number; readonly unref: () => void } | null;
  };
  handle?.unref();
  return handle !== null && handle.fd >= 0 ? handle.fd : undefined;
}
