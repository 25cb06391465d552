import type { Redis } from 'ioredis';
import { RedisConnection } from './connection.ts';
import { CALL_TIMEOUT_MS } from './connections.ts';
import type { ServerGroup } from './row-locations.ts';

/** The subscriptions of one watch, a connection for each server: the first one that ends, ends all of them. */
export class RedisSubscriptions {
  #connections: RedisConnection[] = [];
  #isOpen = false;
  readonly #timeoutMs: number;

  constructor(timeoutMs = CALL_TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /** Every server has confirmed its subscription, and none has ended it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Replaces what was open. `subscribe` sends one server's subscription. `onEnd` is called once, when a server has ended
   * one; not after `close`. Throws CtrkitError('database').
   */
  async open<T>(
    groups: readonly ServerGroup<T>[],
    subscribe: (client: Redis, items: readonly T[]) => Promise<unknown>,
    onEnd: () => void,
  ): Promise<void> {
    this.close();
    const connections: RedisConnection[] = [];
    this.#connections = connections;
    const end = (): void => {
      if (this.#connections !== connections) return;
      this.close();
      onEnd();
    };
    for (const { endpoint, items } of groups) {
      const connection = new RedisConnection(endpoint, this.#timeoutMs);
      connections.push(connection);
      await connection.run((client) => subscribe(client, items));
      // Ended, closed or replaced meanwhile: then this one has been closed with the others.
      if (this.#connections !== connections) return;
      connection.onEnd(end);
    }
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    const connections = this.#connections;
    this.#connections = [];
    for (const connection of connections) connection.close();
  }
}
