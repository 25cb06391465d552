/** A watch of the Kubernetes API: one JSON object a line. */
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import type { NodeWatch } from '../../../ports/cluster-node.ts';
import { MAX_ANSWER_BYTES } from './api-call.ts';
import { decodeNode, decodeStatus } from './node-object.ts';

const EVENT = v.object({ type: v.string(), object: v.unknown() });

/** Follows `answer` for `limitMs` at most. Returns how to end that, after which nothing more is told. */
export function followNode(
  answer: IncomingMessage,
  { name, limitMs }: { readonly name: string; readonly limitMs: number },
  watch: NodeWatch,
): () => void {
  let isOver = false;
  const stop = (): boolean => {
    const wasOpen = !isOver;
    isOver = true;
    clearTimeout(limit);
    answer.destroy();
    return wasOpen;
  };
  const end = (why: string): void => {
    if (stop()) watch.onEnd(why);
  };
  // The server was told to end it before.
  const limit = setTimeout(() => end('the server goes on with it for too long'), limitMs).unref();
  const decoder = new StringDecoder('utf8');
  let rest = '';
  answer.on('data', (chunk: Buffer) => {
    const lines = `${rest}${decoder.write(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ANSWER_BYTES) end('an event of it is too large');
    try {
      for (const line of lines) if (!isOver && line.trim() !== '') tell(line, name, { watch, end });
    } catch (error) {
      end(`an event of it makes no sense: ${(error as Error).message}`);
    }
  });
  answer.on('end', () => end(''));
  answer.on('close', () => end('the connection was cut'));
  answer.on('error', (error) => end(error.message));
  return stop;
}

function tell(
  line: string,
  name: string,
  { watch, end }: { readonly watch: NodeWatch; readonly end: (why: string) => void },
): void {
  const { type, object } = v.parse(EVENT, JSON.parse(line));
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      watch.onChange(decodeNode(object, name));
      return;
    case 'DELETED':
      watch.onChange(undefined);
      return;
    case 'BOOKMARK':
      watch.onSign();
      return;
    case 'ERROR':
      // 410 Gone for one: what it was to begin from is too old.
      end(decodeStatus(object)?.message ?? 'the server reports an error without a reason');
      return;
    default:
      throw new Error('it is of an unknown type');
  }
}
