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

for (const [name, head, body, why = /can't be used: its answer is too long/] of [
  ['a text of 2 GB', '$2000000000\r\n', Buffer.alloc(1024 * 1024, 'a')],
  ['a list without an end', '*1000000000\r\n', Buffer.from(':1\r\n'.repeat(50_000))],
  ['lists in lists without an end', '', Buffer.from('*1\r\n'.repeat(50_000)), /can't be used/],
  ['a line without an end', '+', Buffer.alloc(1024 * 1024, 'a')],
] as const)
  test(`an answer that is ${name} is a failed call, before it fills the memory`, async (t) => {
    let sent = 0;
    const { connection } = await open(t, (socket) => {
      const send = (): void => {
        if (socket.destroyed || sent > 100 * 1024 * 1024) return;
        sent += body.length;
        socket.write(body, () => setImmediate(send));
      };
      socket.once('data', () => {
        socket.write(head);
        send();
      });
    });
    await assert.rejects(
      connection.run((client) => client.ping()),
      why,
    );
    assert.ok(sent < 50 * 1024 * 1024, String(sent));
  });

test('many answers and messages in turn are none that is too long', async (t) => {
  const text = 'x'.repeat(1024 * 1024);
  const { connection } = await open(t, (socket) =>
    socket.on('data', () => socket.write(`$${text.length}\r\n${text}\r\n`)),
  );
  for (let i = 0; i < 10; i++) assert.equal(await connection.run((client) => client.ping()), text);
});
