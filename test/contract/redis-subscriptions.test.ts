import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { RedisSubscriptions } from '../../src/adapters/redis/subscriptions.ts';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** Never reached by a call that is to succeed, however slow the machine. */
const PATIENT_MS = 30_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(): Promise<RedisServer> {
  const server = new RedisServer();
  cleanups.push(() => server.stop());
  await server.start();
  return server;
}

const countSubscribers = async (server: RedisServer): Promise<number> =>
  (await server.cli('CLIENT', 'LIST')).match(/ sub=[1-9]/g)?.length ?? 0;

const subscribe = (client: Redis): Promise<unknown> => client.subscribe('channel');

describe('the subscriptions of one watch on two servers', { timeout: 60_000 }, () => {
  test('end together, and once', async () => {
    const servers = [await start(), await start()];
    const subscriptions = new RedisSubscriptions(PATIENT_MS);
    cleanups.push(() => subscriptions.close());
    let ends = 0;
    const groups = servers.map(({ endpoint }) => ({ endpoint, items: [] }));
    await subscriptions.open(groups, subscribe, () => (ends += 1));
    assert.equal(subscriptions.isOpen, true);
    const [first, second] = servers;
    await first?.kill();
    await until('the end is told', () => ends > 0);
    assert.equal(subscriptions.isOpen, false);
    if (second !== undefined)
      await until('the other one is closed', async () => (await countSubscribers(second)) === 0);
    assert.equal(ends, 1);
  });

  test('are not open where the first one ended before the second one was there', async () => {
    const [first, second] = [await start(), await start()];
    const subscriptions = new RedisSubscriptions(PATIENT_MS);
    cleanups.push(() => subscriptions.close());
    let ends = 0;
    const opened = subscriptions.open(
      [
        { endpoint: first.endpoint, items: ['first'] },
        { endpoint: second.endpoint, items: ['second'] },
      ],
      async (client, items) => {
        if (items.includes('second')) {
          await first.kill();
          await until('the end is told', () => ends > 0);
        }
        return subscribe(client);
      },
      () => (ends += 1),
    );
    await assert.rejects(opened, { code: 'database' });
    assert.equal(subscriptions.isOpen, false);
    assert.equal(ends, 1);
    await until('the late one is closed', async () => (await countSubscribers(second)) === 0);
  });
});
