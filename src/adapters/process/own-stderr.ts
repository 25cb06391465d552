import { Writable } from 'node:stream';
import { isStderrStream } from './error-file.ts';
import { writeError } from './write-error.ts';

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
    get: () => (stream ??= isStderrStream() ? original?.get?.call(process) : createStream()),
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
