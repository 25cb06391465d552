import type { Readable, Writable } from 'node:stream';
import { CtrkitError } from '../../../contract/errors.ts';
import { EventDecoder } from './event-decoder.ts';
import type { SupervisorEvent } from './event-text.ts';
import { SeenNumbers } from './seen-numbers.ts';

export interface EventListenerOptions {
  /** supervisord writes here: the listener's stdin. */
  readonly input: Readable;
  /** supervisord reads here: the listener's stdout, on which nothing else may ever be written. */
  readonly output: Writable;
  /** Called once an event, after it was acknowledged. Must not throw: there is nobody to catch it. */
  readonly onEvent: (event: SupervisorEvent) => void;
  /** supervisord had to forget so many events, as more waited than its buffer holds. Must not throw. */
  readonly onLost: (count: number) => void;
  /** A stream that fails, CtrkitError('supervisor'). */
  readonly onError: (error: CtrkitError) => void;
  /** Called once, when supervisord has closed the input: it is gone. */
  readonly onEnd: () => void;
  /** Called once, for garbage: nothing tells where the next event begins, so nothing is heard from then on. */
  readonly onBroken: (error: CtrkitError) => void;
}

const READY = 'READY\n';
const ACKNOWLEDGED = 'RESULT 2\nOK';

/**
 * Speaks the event listener protocol of supervisord (supervisor 4.2.5, dispatchers.py) and begins at once. Each event is
 * acknowledged, and the next one asked for, before `onEvent` is called: what the listener does with an event never
 * delays supervisord, and a failure does not make supervisord send the event again. One that comes again, as another listener
 * of the same priority has ended with it in hand (process.py, handle_rejected), is acknowledged only. `stop` ends the
 * listening, so that the streams no longer keep the process alive; nothing is called from then on.
 */
export function listenForEvents(options: EventListenerOptions): { readonly stop: () => void } {
  const { input, output, onEvent, onLost, onError, onEnd, onBroken } = options;
  const decoder = new EventDecoder();
  const seen = new SeenNumbers();
  let isOver = false;

  const reportError = (message: string, cause?: unknown): void => {
    if (!isOver) onError(new CtrkitError('supervisor', message, { cause }));
  };
  const stop = (): void => {
    isOver = true;
    input.off('data', receiveChunk).pause();
  };
  const receiveChunk = (chunk: Uint8Array): void => {
    for (const event of decoder.push(chunk)) {
      if (isOver) return;
      writeReply(output, ACKNOWLEDGED + READY);
      // What tells no number can't be told from what comes again.
      if (Number.isNaN(event.poolSerial) || seen.add(event.poolSerial)) onEvent(event);
    }
    const lost = decoder.takeLost();
    if (lost > 0) onLost(lost);
    if (decoder.failure === undefined || isOver) return;
    stop();
    onBroken(decoder.failure);
  };
  const finishStream = (): void => {
    if (isOver) return;
    if (!decoder.isIdle) reportError('supervisord went away within an event');
    isOver = true;
    onEnd();
  };

  input.on('data', receiveChunk).on('end', finishStream).on('close', finishStream);
  input.on('error', (cause) => reportError('cannot read from supervisord', cause));
  output.on('error', (cause) => reportError('cannot write to supervisord', cause));
  writeReply(output, READY);
  return { stop };
}

function writeReply(output: Writable, text: string): void {
  if (output.writable) output.write(text);
}
