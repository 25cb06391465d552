/** The row CONTAINER_HOLD of a real gate, in a real Redis. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { Kit } from '../support/kit.ts';
import { GO } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  /** `name` tells the containers of one id apart. */
  const container = (id: string, name: string) =>
    kit.container(id, { CTRKIT_REDIS: redis.url, CTRKIT_RUN_DIR: join(kit.folder, name) });
  const listHolds = async () => {
    const keys = (await redis.state.keys('CONTAINER_HOLD|snmp|*')).toSorted();
    const rows = await Promise.all(keys.map((key) => redis.row(key)));
    return rows.map((row) => `${row['version']}: ${row['reason']}`).toSorted();
  };
  const waitForHolds = (...wanted: readonly string[]) =>
    until(`rows: ${wanted.join(', ')}`, async () => (await listHolds()).join() === wanted.join());
  return { redis, container, waitForHolds };
}

test('each held container without an id has a row of its own, and removes no other one (G18)', async (t) => {
  const { redis, container, waitForHolds } = await prepare(t);
  await redis.wantKube({ status: { system_state: 'down' } });
  const gates = ['1.0.0', '2.0.0'].map((version) => container('unknown', version).gate('kube', version));
  await waitForHolds('1.0.0: system-not-up', '2.0.0: system-not-up');
  await redis.state
    .multi()
    .hset('KUBE_LABELS|SET', 'snmp_2.0.0_enabled', 'false')
    .hset('FEATURE|snmp', 'system_state', 'up')
    .exec();
  await until('the one asks', async () => (await redis.status())['container_version'] === '1.0.0');
  await waitForHolds('2.0.0: version-blocked');
  assert.ok(gates.every((gate) => gate.isRunning));
});

test('with --once a hold is for good, also where Redis was out of memory and took no row (G19)', async (t) => {
  const { redis, container, waitForHolds } = await prepare(t);
  await redis.wantKube({ status: { remote_state: 'ready' } });
  await redis.state.hset('KUBE_LABELS|SET', 'snmp_1.0.0_enabled', 'false');
  await redis.state.config('SET', 'maxmemory', '1');
  const gate = container('aaaaaaaaaaaa', 'a').gate('kube', '1.0.0', '--once');
  await gate.waitForLine('held (version-blocked)');
  // The reason goes while the row still can't be written.
  await redis.state.hdel('KUBE_LABELS|SET', 'snmp_1.0.0_enabled');
  await redis.state.config('SET', 'maxmemory', '0');
  await waitForHolds('1.0.0: version-blocked');
  assert.ok(gate.isRunning, gate.said);
  assert.equal((await redis.status())['claim_token'], undefined);
});

test('a hold that was not renewed for 180 s by the boot clock is not shown, though the server kept its row (G28)', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.wantKube();
  const row = (id: string, fields: Readonly<Record<string, string>>) =>
    redis.state.hset(`CONTAINER_HOLD|snmp|${id}`, { version: '1.0.0', reason: 'system-not-up', ...fields });
  await row('aaaaaaaaaaaa', { boot_id: BOOT_ID, renewed_ms: String(bootMs()) });
  await row('bbbbbbbbbbbb', { boot_id: BOOT_ID, renewed_ms: String(bootMs() - 180_000) });
  await row('cccccccccccc', { boot_id: 'another', renewed_ms: String(bootMs()) });
  const show = container('dddddddddddd', 'd').command('container_state', 'snmp', 'show', '--json');
  assert.deepEqual(await show.waitForEnd(), GO, show.said);
  const { holds } = JSON.parse(show.stdout) as { holds: readonly unknown[] };
  assert.equal(holds.length, 1, show.stdout);
  assert.match(JSON.stringify(holds), /aaaaaaaaaaaa/);
});
