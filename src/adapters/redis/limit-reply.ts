import type { Redis } from 'ioredis';

/** Far above the rows of any answer, each value of which is asked for only if it has at most 64 kB. */
const MAX_BYTES = 4 * 1024 * 1024;
/** The parts of an answer are ended by a line feed each, and cost far more memory than they have bytes. */
const MAX_LINES = 50_000;
/** No answer of this length has too many parts: they are not counted. */
const UNCOUNTED_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;

/**
 * Watches what the server sends, once it is connected: an answer without an end would fill the memory of this process, which
 * has no other limit for it. Calls `onTooLong` before any of what is too much is decoded. The function that is returned
 * says that an answer is complete.
 */
export function limitReply(client: Redis, onTooLong: (error: Error) => void): () => void {
  let bytes = 0;
  let lines = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= UNCOUNTED_BYTES) return;
    lines += countLines(chunk);
    if (bytes > MAX_BYTES || lines > MAX_LINES)
      onTooLong(new Error('its answer is too long; is it a Redis?'));
  };
  // The decoder listens by now, and this listener comes before it.
  client.once('connect', () => client.stream.prependListener('data', count));
  const reset = (): void => {
    bytes = 0;
    lines = 0;
  };
  client.on('message', reset);
  return reset;
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1;
  return lines;
}
