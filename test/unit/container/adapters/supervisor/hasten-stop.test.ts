import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hastenStop } from '../../../../../src/container/adapters/supervisor/hasten-stop.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { until } from '../../../../support/until.ts';

/** A socket like supervisord's, and how many connections it was asked for. */
async function listen(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-stop-'));
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => {}).destroy();
  });
  const socketPath = join(folder, 'supervisor.sock');
  server.listen(socketPath);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { server, socketPath, connections: () => count };
}

test('a stop is hastened twenty times a second for 2 s, then twice, and again when the next group has its turn', async (t) => {
  const { socketPath, connections } = await listen(t);
  const clock = new FakeClock();
  const hastening = hastenStop(clock, socketPath);
  const expectAfter = async (ms: number, count: number): Promise<void> => {
    await clock.pass(ms);
    await until(
      () => `${count} connections, there were ${connections()}`,
      () => connections() >= count,
    );
    assert.equal(connections(), count);
  };
  await expectAfter(1_000, 20);
  await expectAfter(1_000, 40);
  await expectAfter(600_000, 40 + 1_200);
  hastening.renew();
  await expectAfter(1_000, 1_240 + 20);
  for (let i = 0; i < 100; i += 1) {
    hastening.renew();
    await clock.pass(10);
  }
  await expectAfter(0, 1_260 + 20);
  hastening.end();
  hastening.renew();
  await expectAfter(600_000, 1_280);
});

test('a supervisord that is gone is asked no more', async (t) => {
  const { server, socketPath, connections } = await listen(t);
  const clock = new FakeClock();
  hastenStop(clock, socketPath);
  await clock.pass(50);
  await until('it has come', () => connections() === 1);
  server.close();
  await clock.pass(50);
  await until('nothing is planned any more', async () => {
    await clock.pass(500);
    return clock.timerCount === 0;
  });
});
