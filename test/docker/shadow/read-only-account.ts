/** A Redis account that may read and subscribe, and nothing else: the server refuses, and notes, all that would write. */
import type { Redis } from 'ioredis';

const NAME = 'shadow';
const PASSWORD = 'reads-only';

/** Makes it; returns the URL by which it connects to this socket. */
export async function makeReadOnlyAccount(redis: Redis, socketPath: string): Promise<string> {
  await redis.call('ACL', 'SETUSER', NAME, 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '-@write');
  await redis.call('ACL', 'LOG', 'RESET');
  return `unix://${NAME}:${PASSWORD}@${socketPath}`;
}

/** What it was refused, `command in where`, scripts included. */
export async function readRefusals(redis: Redis): Promise<string[]> {
  const entries = (await redis.call('ACL', 'LOG', '128')) as unknown[][];
  return entries
    .map((entry) => Object.fromEntries(pairs(entry)) as Record<string, unknown>)
    .filter(({ username }) => username === NAME)
    .map(({ object, context }) => `${String(object)} in ${String(context)}`);
}

const pairs = (list: readonly unknown[]): [string, unknown][] =>
  list.flatMap((word, i) => (i % 2 === 0 ? [[String(word), list[i + 1]] as [string, unknown]] : []));

/** Every key of every database, as the server would store it. */
export async function dumpAll(redis: Redis): Promise<Record<string, string>> {
  const client = redis.duplicate();
  const found: Record<string, string> = {};
  try {
    for (let db = 0; db < 32; db++) {
      await client.select(db);
      for (const key of (await client.keys('*')).toSorted())
        found[`${db} ${key}`] = ((await client.dumpBuffer(key)) ?? Buffer.alloc(0)).toString('hex');
    }
  } finally {
    client.disconnect();
  }
  return found;
}
