import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RedisConnection } from '../../src/adapters/redis/connection.ts';
import { until } from '../support/until.ts';

/** A server on a socket of its own, and how often a connection to it was called lost. */
async function open(t: TestContext, serve: (socket: Socket) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-connection-'));
  const path = join(folder, 'redis.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const counted = { lost: 0 };
  const connection = new RedisConnection({ path }, 5_000, () => (counted.lost += 1));
  t.after(() => {
    connection.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { connection, counted, sockets };
}

test('a server that accepts and drops is a failed call, not a lost connection: the back-off stands', async (t) => {
  const { connection, counted } = await open(t, (socket) => socket.on('data', () => socket.destroy()));
  for (let i = 0; i < 3; i++) await assert.rejects(connection.run((client) => client.ping()));
  assert.equal(counted.lost, 0);
});

test('a server that has answered and then ends the connection is a lost one, once', async (t) => {
  const { connection, counted, sockets } = await open(t, (socket) =>
    socket.on('data', () => socket.write('+PONG\r\n')),
  );
  assert.equal(await connection.run((client) => client.ping()), 'PONG');
  for (const socket of sockets) socket.destroy();
  await until('the loss is told', () => counted.lost > 0);
  assert.equal(counted.lost, 1);
});
