import { createReadStream } from 'node:fs';
import { CtrkitError } from '../../contract/errors.ts';

/**
 * A file that somebody named, or stdin for `-`, as text. Throws CtrkitError('usage') for one that can't be read or has more
 * than `mostBytes`: no more than that is ever kept.
 */
export async function readInput(path: string, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = path === '-' ? process.stdin : createReadStream(path);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new CtrkitError('usage', `${describePath(path)} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (size > mostBytes)
    throw new CtrkitError('usage', `${describePath(path)} has more than ${mostBytes} bytes`);
  return Buffer.concat(chunks).toString();
}

const describePath = (path: string): string => (path === '-' ? 'stdin' : path);
