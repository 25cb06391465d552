import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { writeError } from './write-error.ts';

const STDERR = 2;

/**
 * Has `process.stderr` write by `writeError`. Node.js itself opens it, and sets O_NONBLOCK for everybody who has that pipe,
 * whenever it closes a socket (net.Socket compares itself with it), or has a warning. To be called before all else.
 */
export function replaceStderr(): void {
  const original = Object.getOwnPropertyDescriptor(process, 'stderr');
  let stream: unknown;
  Object.defineProperty(process, 'stderr', {
    configurable: true,
    enumerable: true,
    get: () => (stream ??= isSocket() ? original?.get?.call(process) : createStream()),
  });
}

const createStream = (): Writable =>
  new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      writeError(chunk.toString());
      done();
    },
  });

/** That is left to Node.js, by `writeError` too. */
function isSocket(): boolean {
  try {
    return fstatSync(STDERR).isSocket();
  } catch {
    return false;
  }
}
