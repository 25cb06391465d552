/** A watch of the Kubernetes API: one JSON object a line (Kubernetes: "API Concepts", watches). */
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import * as v from 'valibot';
import type { NodeWatch } from '../../../ports/cluster-node.ts';
import { MAX_ANSWER_BYTES } from './api-call.ts';
import { decodeNode, decodeStatus } from './node-object.ts';

const EVENT = v.object({ type: v.string(), object: v.unknown() });

/** Reads the events of `answer` for `limitMs` at most. Returns how to stop, after which `watch` is not called any more. */
export function followNode(
  answer: IncomingMessage,
  { name, limitMs }: { readonly name: string; readonly limitMs: number },
  watch: NodeWatch,
): () => void {
  let isOver = false;
  /** True if the watch was open. */
  const stopReading = (): boolean => {
    const wasOpen = !isOver;
    isOver = true;
    clearTimeout(limit);
    answer.destroy();
    return wasOpen;
  };
  const endWatch = (reason: string): void => {
    if (stopReading()) watch.onEnd(reason);
  };
  // The API server was told to end the watch before.
  const limit = setTimeout(() => endWatch('the server goes on with it for too long'), limitMs).unref();
  const decoder = new StringDecoder('utf8');
  let rest = '';
  answer.on('data', (chunk: Buffer) => {
    const lines = `${rest}${decoder.write(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ANSWER_BYTES) endWatch('an event of it is too large');
    try {
      for (const line of lines)
        if (!isOver && line.trim() !== '') dispatchEvent(line, name, { watch, endWatch });
    } catch (error) {
      endWatch(`an event of it makes no sense: ${(error as Error).message}`);
    }
  });
  answer.on('end', () => endWatch(''));
  answer.on('close', () => endWatch('the connection was cut'));
  answer.on('error', (error) => endWatch(error.message));
  return stopReading;
}

/** Throws Error for a line that makes no sense. */
function dispatchEvent(
  line: string,
  name: string,
  { watch, endWatch }: { readonly watch: NodeWatch; readonly endWatch: (reason: string) => void },
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
      // For example 410 Gone: the version to begin from is too old.
      endWatch(decodeStatus(object)?.message ?? 'the server reports an error without a reason');
      return;
    default:
      throw new Error('it is of an unknown type');
  }
}
