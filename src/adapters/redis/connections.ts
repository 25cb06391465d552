import { addressOf, type Endpoint } from '../../contract/databases.ts';
import { RedisConnection } from './connection.ts';

/** A Redis on the same switch answers within a millisecond; one that takes longer than this, milliseconds, is not well. */
export const CALL_TIMEOUT_MS = 2_000;

export interface ScriptCall<T> {
  readonly script: string;
  /** Becomes ARGV[1], as JSON. */
  readonly input: unknown;
  /** Throws for an answer that makes no sense. */
  readonly decode: (reply: unknown) => T;
}

/** The name of a Redis command and its arguments. */
type Command = readonly (string | number)[];

/** The connections of one client: one for each Redis server, opened by the first call. */
export class RedisConnections {
  readonly #connections = new Map<string, RedisConnection>();
  readonly #timeoutMs: number;
  readonly #onLost: () => void;

  /** `onLost` is called when a server has ended a connection that had answered. */
  constructor(timeoutMs = CALL_TIMEOUT_MS, onLost: () => void = () => {}) {
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  /** Throws CtrkitError('database'). */
  runScript<T>(endpoint: Endpoint, { script, input, decode }: ScriptCall<T>): Promise<T> {
    return this.#connectionTo(endpoint).run(async (client) =>
      decode(await client.eval(script, 0, JSON.stringify(input))),
    );
  }

  /**
   * `work` sends commands to database number `id`, all of them within one time limit, and gets an answer for each. Other calls
   * of this client may come between two batches, never into one. Throws CtrkitError('database'), also for an error of `work`.
   */
  runInDatabase<T>(
    endpoint: Endpoint,
    id: number,
    work: (run: (commands: readonly Command[]) => Promise<unknown[]>) => Promise<T>,
  ): Promise<T> {
    return this.#connectionTo(endpoint).run((client) =>
      work(async (commands) => {
        if (commands.length === 0) return [];
        // Sent in this order in one turn: nothing of another call comes in between. The bundle has no pipelines.
        const batch = [['select', id] as const, ...commands];
        const replies = await Promise.all(batch.map(([name, ...words]) => client.call(String(name), words)));
        return replies.slice(1);
      }),
    );
  }

  #connectionTo(endpoint: Endpoint): RedisConnection {
    const server = addressOf(endpoint);
    let connection = this.#connections.get(server);
    if (connection === undefined) {
      connection = new RedisConnection(endpoint, this.#timeoutMs, this.#onLost);
      this.#connections.set(server, connection);
    }
    return connection;
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}
