import type { TestContext } from 'node:test';
import type { Redis } from 'ioredis';
import { bootMs } from './boot-clock.ts';
import { STATE_DB, type PrivateRedis } from './private-redis.ts';

/** The host's side of the hand-shake: answers a `pending` with `ready`, reading first and writing then. */
export class HostStandIn {
  /** Boot clock: when each answer was given. */
  readonly answersMs: number[] = [];
  readonly #client: Redis;
  readonly #subscriber: Redis;
  readonly #key: string;
  #poll: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  private constructor(client: Redis, key: string) {
    this.#client = client.duplicate();
    this.#subscriber = client.duplicate({ db: 0 });
    this.#key = key;
  }

  /** `pollMs` for a server that sends no events. */
  static async start(
    t: TestContext,
    redis: PrivateRedis,
    options: { readonly key?: string; readonly pollMs?: number } = {},
  ): Promise<HostStandIn> {
    const { key = 'FEATURE|snmp', pollMs } = options;
    const host = new HostStandIn(redis.state, key);
    t.after(() => host.stop());
    for (const client of [host.#client, host.#subscriber]) {
      client.on('error', () => undefined);
      await client.connect();
    }
    const look = () => {
      host.#last = host.#last.then(() => host.answer()).catch(() => undefined);
    };
    host.#subscriber.on('message', look);
    await host.#subscriber.subscribe(`__keyspace@${STATE_DB}__:${key}`);
    if (pollMs !== undefined) host.#poll = setInterval(look, pollMs);
    look();
    return host;
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#client.disconnect();
    this.#subscriber.disconnect();
  }

  private async answer(): Promise<void> {
    if ((await this.#client.hget(this.#key, 'remote_state')) !== 'pending') return;
    await this.#client.hset(this.#key, 'remote_state', 'ready');
    this.answersMs.push(bootMs());
  }
}
