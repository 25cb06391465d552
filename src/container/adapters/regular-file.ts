import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/**
 * Reads a configuration file, at most `maxBytes` plus one byte, by which the caller sees that it is too long. Throws what
 * node:fs throws, and an Error for anything but a regular file: a pipe in its place must not block the agent.
 */
export function readRegularFile(path: string, maxBytes: number): { content: Buffer; stat: Stats } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is no regular file');
    const bytes = Buffer.alloc(maxBytes + 1);
    let size = 0;
    for (let more = -1; more !== 0 && size < bytes.length; size += more) {
      more = readSync(file, bytes, size, bytes.length - size, null);
    }
    return { content: bytes.subarray(0, size), stat };
  } finally {
    closeSync(file);
  }
}
