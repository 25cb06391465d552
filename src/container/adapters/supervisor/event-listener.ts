import type { Readable, Writable } from 'node:stream';
import { CtrkitError } from '../../../contract/errors.ts';
import { EventDecoder } from './event-decoder.ts';
import type { SupervisorEvent } from './event-text.ts';

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
 * Speaks the event listener protocol of supervisord (supervisor 4.2.5, dispatchers.py) from `start` on. Each event is
 * acknowledged, and the next one asked for, before `onEvent` is called: what the listener does with an event never
 * delays supervisord, and a failure does not make supervisord send the event again.
 */
class EventListener {
  readonly #options: EventListenerOptions;
  readonly #decoder = new EventDecoder();
  #isOver = false;

  constructor(options: EventListenerOptions) {
    this.#options = options;
  }

  start(): void {
    const { input, output } = this.#options;
    input.on('data', this.#receiveChunk);
    input.on('end', this.#finishStream);
    input.on('close', this.#finishStream);
    input.on('error', (cause) => this.#reportError('cannot read from supervisord', cause));
    output.on('error', (cause) => this.#reportError('cannot write to supervisord', cause));
    this.#writeReply(READY);
  }

  stop(): void {
    this.#isOver = true;
    this.#options.input.off('data', this.#receiveChunk);
    this.#options.input.pause();
  }

  readonly #receiveChunk = (chunk: Uint8Array): void => {
    const { onEvent, onError } = this.#options;
    const decoder = this.#decoder;
    if (decoder.failure !== undefined) return;
    for (const event of decoder.push(chunk)) {
      if (this.#isOver) return;
      this.#writeReply(ACKNOWLEDGED + READY);
      onEvent(event);
    }
    if (decoder.failure !== undefined && !this.#isOver) onError(decoder.failure);
  };

  readonly #finishStream = (): void => {
    if (this.#isOver) return;
    if (this.#decoder.failure === undefined && !this.#decoder.isIdle)
      this.#reportError('supervisord went away within an event', undefined);
    this.#isOver = true;
    this.#options.onEnd();
  };

  #writeReply(text: string): void {
    const { output } = this.#options;
    if (output.writable) output.write(text);
  }

  #reportError(message: string, cause: unknown): void {
    if (!this.#isOver) this.#options.onError(new CtrkitError('supervisor', message, { cause }));
  }
}

/** Begins at once. `stop` ends the listening, so that the streams no longer keep the process alive; nothing is called then. */
export function listenForEvents(options: EventListenerOptions): { readonly stop: () => void } {
  const listener = new EventListener(options);
  listener.start();
  return { stop: () => listener.stop() };
}
