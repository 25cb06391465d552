import { Agent, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { CtrkitError } from '../../../contract/errors.ts';
import { explainFailure } from './engine-error.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path without a version of the API: the engine then speaks its own, which suits 20.10 and the newest alike. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  /** For people: completes "the engine refused to". */
  readonly purpose: string;
  /** Status codes that are an answer; all others throw. */
  readonly expected: readonly number[];
  /** Milliseconds; undefined for a call that may take for ever. */
  readonly limitMs: number | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  /** What the engine sent as JSON, undefined unless the status is 200. */
  readonly body: unknown;
}

/** A switch's longest listing is a thousandth of it. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** A line of a pull's progress is a hundred. */
const MAX_LINE_CHARACTERS = 64 * 1024;

/**
 * The HTTP side of the engine. Calls go through dockerode's modem and not its methods, because those hand on no signal
 * for some calls, and never come back when the engine closes in the middle of an answer.
 */
export class EngineConnection {
  readonly socketPath: string;
  readonly #modem: Docker['modem'];
  /** A connection a call: one that was kept may have died with the engine before this one. */
  readonly #agent = new Agent({ keepAlive: false });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    // Without `host` and `protocol` those of DOCKER_HOST would come before the path.
    const options = { socketPath, host: '', protocol: 'http', agent: this.#agent } as const;
    try {
      this.#modem = new Docker(options).modem;
    } catch (error) {
      // A DOCKER_HOST that makes no sense is refused even where it does not count.
      throw new CtrkitError('usage', (error as Error).message, { cause: error });
    }
  }

  /**
   * A whole answer, as `decode` makes it out. Throws CtrkitError('engine') for all that is none, within the request's time
   * limit, and at once when `abort` ends it.
   */
  async call<T>(
    request: EngineRequest,
    decode: (answer: EngineAnswer) => T,
    abort?: AbortSignal,
  ): Promise<T> {
    const run = async (signal: AbortSignal): Promise<T> => {
      const stream = await this.#sendRequest(request, signal);
      const text = await readText(stream);
      const status = stream.statusCode ?? 0;
      return decode({ status, body: status === 200 ? parseJson(text) : undefined });
    };
    return this.#runWithin(request, run, abort);
  }

  /** An answer of JSON objects, a line each, read to its end within the request's time limit. `onLine` throws to end it. */
  async follow(request: EngineRequest, onLine: (object: unknown) => void): Promise<void> {
    return this.#runWithin(request, async (signal) =>
      readLines(await this.#sendRequest(request, signal), onLine),
    );
  }

  /** An answer that goes on and on, to be destroyed by who reads it. The time limit is for its beginning only. */
  async open(request: EngineRequest): Promise<IncomingMessage> {
    return this.#runWithin(request, (signal) => this.#sendRequest(request, signal));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #runWithin<T>(
    request: EngineRequest,
    run: (signal: AbortSignal) => Promise<T>,
    abort?: AbortSignal,
  ): Promise<T> {
    const { limitMs, purpose } = request;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    let isLate = false;
    const beLate = (): void => {
      isLate = true;
      end();
    };
    const timer = limitMs === undefined ? undefined : setTimeout(beLate, limitMs);
    abort?.addEventListener('abort', end, { once: true });
    if (abort?.aborted === true) end();
    try {
      return await run(ending.signal);
    } catch (error) {
      const { socketPath } = this;
      throw explainFailure(error, { socketPath, purpose, limitMs: isLate ? limitMs : undefined });
    } finally {
      clearTimeout(timer);
      abort?.removeEventListener('abort', end);
    }
  }

  #sendRequest(request: EngineRequest, abortSignal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, query = {}, body = {}, expected } = request;
    return new Promise((resolve, reject) => {
      this.#modem.dial(
        {
          method,
          // What follows the question mark is the modem's to add, and without one it adds nothing.
          path: `${path}?`,
          options: { _query: query, _body: body },
          isStream: true,
          abortSignal,
          statusCodes: Object.fromEntries(expected.map((status) => [status, true])),
        },
        (error, stream) => (error === null ? resolve(stream as IncomingMessage) : reject(error)),
      );
    });
  }
}

async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`it answers with more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function readLines(stream: Readable, onLine: (object: unknown) => void): Promise<void> {
  let pending = '';
  for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > MAX_LINE_CHARACTERS)
      throw new Error(`it answers with a line of more than ${pending.length}`);
    for (const line of lines) if (line.trim() !== '') onLine(parseJson(line));
  }
  if (pending.trim() !== '') onLine(parseJson(pending));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error('its answer is no JSON', { cause: error });
  }
}
