import { Redis, type RedisOptions } from 'ioredis';
import { addressOf, DEFAULTS, type Endpoint } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { limitReply } from './limit-reply.ts';

/**
 * One connection to one Redis server. It does not reconnect and does not queue: a call that can't be carried out
 * now fails within the time limit, and the next one connects anew. Who calls knows whether, and when, to try again.
 */
export class RedisConnection {
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  /** Tells the limit of an answer that one is complete. */
  #endAnswer: () => void = () => {};
  /** Why this side has ended the connection. */
  #cause: unknown;

  /** On this connection; a server that only accepts and drops must not have us back at once. */
  #hasAnswered = false;
  readonly #endpoint: Endpoint;
  readonly #timeoutMs: number;
  readonly #onLost: () => void;

  /** `onLost` is called when a connection that has answered ends by itself; not after `close`, nor by a failed call. */
  constructor(endpoint: Endpoint, timeoutMs: number, onLost: () => void = () => {}) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  /** Throws CtrkitError('database') with the server's address and, for people, what is wrong. */
  async run<T>(call: (client: Redis) => Promise<T>): Promise<T> {
    try {
      const answer = await waitWithin(this.#timeoutMs, this.#ensureConnected().then(call));
      this.#hasAnswered = true;
      this.#endAnswer();
      return answer;
    } catch (error) {
      this.close();
      throw explainFailure(this.#cause ?? error, this.#endpoint);
    }
  }

  onEnd(listener: () => void): void {
    this.#client?.once('end', listener);
  }

  close(): void {
    this.#client?.disconnect();
    this.#client = undefined;
    this.#connecting = undefined;
    this.#hasAnswered = false;
  }

  #ensureConnected(): Promise<Redis> {
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  async #connect(): Promise<Redis> {
    const client = new Redis(encodeOptions(this.#endpoint, this.#timeoutMs));
    this.#client = client;
    this.#cause = undefined;
    this.#endAnswer = limitReply(client, (error) => {
      this.#cause = error;
      client.stream.destroy(error);
    });
    // The cause of a failed connection is told by this event only; without a listener it ends the process.
    let cause: unknown;
    client.on('error', (error: unknown) => {
      cause = error;
    });
    client.once('end', () => {
      if (this.#client !== client) return;
      const hadAnswered = this.#hasAnswered;
      this.close();
      if (hadAnswered) this.#onLost();
    });
    try {
      await client.connect();
    } catch (error) {
      throw cause ?? error;
    }
    return client;
  }
}

function encodeOptions(endpoint: Endpoint, timeoutMs: number): Omit<RedisOptions, 'replyMapping'> {
  const { path, host, port, username, password, tls } = endpoint;
  return {
    ...(path === undefined ? { host: host ?? DEFAULTS.host, port: port ?? DEFAULTS.port } : { path }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === true ? { tls: {} } : {}),
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    // Every call has had its answer, or its time, when a connection is closed: nothing is waited for.
    disconnectTimeout: 0,
    // Everything below saves a round trip at start: the scripts choose their databases themselves.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

async function waitWithin<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** True if the server has answered, with an error: the connection is well. */
export const isRefusal = (error: unknown): error is CtrkitError =>
  error instanceof CtrkitError &&
  error.cause instanceof Error &&
  error.cause.name === 'ReplyError' &&
  REFUSED.test(error.cause.message);

/** A user who may not subscribe, or a server without the command. Whatever else a server answers, it is not well. */
const REFUSED = /^(?:NOPERM|ERR unknown command)\b/;

function explainFailure(error: unknown, endpoint: Endpoint): CtrkitError {
  const text = error instanceof Error ? error.message : String(error);
  const message = `Redis at ${addressOf(endpoint)} can't be used: ${text.split('\n')[0] ?? ''}`;
  return new CtrkitError('database', message, { cause: error });
}
