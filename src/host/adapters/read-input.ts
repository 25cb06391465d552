import { createReadStream } from 'node:fs';
import { CtrkitError } from '../../contract/errors.ts';

/**
 * The text of a file that the command line names, or of stdin for `-`. Throws CtrkitError('usage') if it can't be read or has
 * more than `maxBytes`; no more than that is ever kept in memory.
 */
export async function readInput(path: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = path === '-' ? process.stdin : createReadStream(path);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new CtrkitError('usage', `${describePath(path)} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (size > maxBytes)
    throw new CtrkitError('usage', `${describePath(path)} has more than ${maxBytes} bytes`);
  return Buffer.concat(chunks).toString();
}

const describePath = (path: string): string => (path === '-' ? 'stdin' : path);
