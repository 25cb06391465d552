import { createConnection, type Socket } from 'node:net';
import { HttpAnswer } from './http-answer.ts';

const READ_BYTES = 16 * 1024;

const encodeRequest = (body: string): string =>
  'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n' +
  `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** The time limit of an exchange is over. */
export class LateAnswerError extends Error {}

interface Exchange {
  readonly answer: HttpAnswer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to supervisord's HTTP server on its unix socket, for one request at a time. Between requests it does not keep
 * the process alive.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #exchange: Exchange | undefined;

  constructor(socketPath: string) {
    // Without `onread` Node.js allocates 64 kB for each read, outside the heap that triggers garbage collection.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (size: number): boolean => this.#receiveBytes(buffer.subarray(0, size));
    this.#socket = createConnection({ path: socketPath, onread: { buffer, callback } });
    this.#socket.on('error', (error) => this.#failExchange(error));
    this.#socket.on('end', () => this.#stepExchange(({ answer }) => answer.end()));
    this.#socket.on('close', () => this.#failExchange(new Error('supervisord hung up')));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /**
   * Posts `body`. The body of the answer is given to `onBody` in chunks, which are overwritten afterwards. Rejects with a
   * plain Error that says what happened, LateAnswerError, or what `onBody` throws; the connection is closed then.
   */
  async post(body: string, timeoutMs: number, onBody: (bytes: Buffer) => void): Promise<void> {
    this.#socket.ref();
    const timer = setTimeout(
      () => this.#failExchange(new LateAnswerError('no whole answer in time')),
      timeoutMs,
    );
    try {
      await new Promise<void>((resolve, reject) => {
        this.#exchange = { answer: new HttpAnswer(onBody), resolve, reject };
        this.#socket.write(encodeRequest(body));
      });
    } finally {
      clearTimeout(timer);
      this.#socket.unref();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #receiveBytes(bytes: Buffer): boolean {
    // Bytes without a request would be taken for the next answer.
    if (this.#exchange === undefined) this.close();
    this.#stepExchange(({ answer }) => answer.push(bytes));
    return true;
  }

  /** `step` returns true when the answer is complete. */
  #stepExchange(step: (exchange: Exchange) => boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    try {
      if (!step(exchange)) return;
      this.#exchange = undefined;
      if (exchange.answer.isLast) this.close();
      exchange.resolve();
    } catch (error) {
      this.#failExchange(error as Error);
    }
  }

  #failExchange(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.close();
    exchange?.reject(error);
  }
}
