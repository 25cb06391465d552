import type { Readable, Writable } from 'node:stream';
import { CtrkitError } from '../../../contract/errors.ts';
import { EventDecoder, type SupervisorEvent } from './event-decoder.ts';

export interface EventListenerOptions {
  /** supervisord writes here: the listener's stdin. */
  readonly input: Readable;
  /** supervisord reads here: the listener's stdout, on which nothing else may ever be written. */
  readonly output: Writable;
  /** Called once an event, after it was acknowledged. Must not throw: there is nobody to catch it. */
  readonly onEvent: (event: SupervisorEvent) => void;
  /** A broken stream, CtrkitError('supervisor'). After garbage no further event comes, but onEnd still does. */
  readonly onError: (error: CtrkitError) => void;
  /** Called once, when supervisord has closed the input: it is gone. */
  readonly onEnd: () => void;
}

const READY = 'READY\n';
const ACKNOWLEDGED = 'RESULT 2\nOK';

/**
 * Speaks the event listener protocol of supervisord (supervisor 4.2.5, dispatchers.py) and begins at
 * once. Each event is acknowledged, and the next one asked for, before anyone looks at it: what the
 * listener does with it never delays supervisord, nor does a failure make it send the event again.
 * `stop` ends the listening, so that the streams no longer keep the process alive; nothing is called then.
 */
export function listenForEvents(options: EventListenerOptions): { stop: () => void } {
  const { input, output, onEvent, onError, onEnd } = options;
  const decoder = new EventDecoder();
  let isOver = false;

  const report = (message: string, cause: unknown): void => {
    if (!isOver) onError(new CtrkitError('supervisor', message, { cause }));
  };
  const reply = (text: string): void => {
    if (output.writable) output.write(text);
  };
  const receive = (chunk: Uint8Array): void => {
    if (decoder.failure !== undefined) return;
    for (const event of decoder.push(chunk)) {
      if (isOver) return;
      reply(ACKNOWLEDGED + READY);
      onEvent(event);
    }
    if (decoder.failure !== undefined && !isOver) onError(decoder.failure);
  };
  const end = (): void => {
    if (isOver) return;
    if (decoder.failure === undefined && !decoder.isIdle)
      report('supervisord went away within an event', undefined);
    isOver = true;
    onEnd();
  };

  input.on('data', receive);
  input.on('end', end);
  input.on('close', end);
  input.on('error', (cause) => report('cannot read from supervisord', cause));
  output.on('error', (cause) => report('cannot write to supervisord', cause));
  reply(READY);
  return {
    stop: () => {
      isOver = true;
      input.off('data', receive);
      input.pause();
    },
  };
}
