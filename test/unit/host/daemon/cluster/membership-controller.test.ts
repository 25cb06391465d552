import assert from 'node:assert/strict';
import { beforeEach, describe, test, type TestContext } from 'node:test';
import { masterConfigRow } from '../../../../../src/contract/cluster/master-config.ts';
import { featureStatusRow } from '../../../../../src/contract/rows.ts';
import { masterStatusRow } from '../../../../../src/contract/cluster/master-status.ts';
import { MembershipController } from '../../../../../src/host/daemon/cluster/membership-controller.ts';
import { ADMIN_CONFIG } from '../../../../support/fake-cluster-tools.ts';
import { FakeCtrkit } from '../../../../support/fake-ctrkit.ts';
import { FakeLog } from '../../../../support/fake-log.ts';
import { until } from '../../../../support/until.ts';
import { lockOf } from '../../../../support/locks.ts';

let kit = new FakeCtrkit();
let log = new FakeLog();
let changes = 0;
const TIMING = { joinLatencyOnBootMs: 300_000, retryJoinMs: 30_000 };

beforeEach(() => {
  kit = new FakeCtrkit();
  log = new FakeLog();
  changes = 0;
  kit.addFeatures('snmp');
  kit.onRestart = (feature) =>
    kit.databases.put(featureStatusRow(feature), {
      current_owner: 'local',
      docker_id: '111111111111',
      container_id: feature,
    });
});

async function start(t: TestContext, random = 0) {
  const databases = kit.ports.openDatabases('');
  const stop = new AbortController();
  const cluster = await kit.ports.openMembership(stop.signal, 'act');
  const controller = new MembershipController({
    ...cluster,
    locks: kit.locks,
    clock: kit.clock,
    log,
    timing: TIMING,
    random: () => random,
    connection: () => databases,
    onChange: () => (changes += 1),
  });
  const ended = controller.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await ended;
  });
  const reconcile = async (): Promise<void> => {
    controller.observeChange({ db: 'config', table: 'KUBERNETES_MASTER', row: 'SERVER' });
    await kit.clock.pass(0);
  };
  await reconcile();
  return { controller, reconcile, stop, ended };
}
const joined = (): void => {
  kit.cluster.isJoined = true;
  kit.cluster.adminConfig = ADMIN_CONFIG;
};

describe('the daemon', () => {
  test('joins by itself once a server is configured, after a time of its own', async (t) => {
    const { controller, reconcile } = await start(t, 0.5);
    assert.deepEqual(log.lines, ['info: no server is configured']);
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    await reconcile();
    kit.clock.advance(14_900);
    await reconcile();
    assert.deepEqual(kit.cluster.effects, []);
    kit.clock.advance(100);
    await reconcile();
    await until('it has joined', () => log.lines.some((line) => line.startsWith('info: joined')));
    assert.deepEqual(kit.cluster.effects, ['fetch', 'write', 'enable', 'join']);
    assert.deepEqual(controller.problems, []);
    assert.ok(log.lines.includes('info: joined https://10.10.10.10:6443 as node switch-1'));
    await reconcile();
    assert.equal(kit.cluster.effects.length, 4);
    assert.ok(!kit.isLockTaken);
  });

  test('tries again less and less often, says why in its view, and once in its log', async (t) => {
    kit.cluster.failures.set('fetch', 'https://10.10.10.10 can’t be fetched: ECONNREFUSED');
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    const { controller, reconcile } = await start(t);
    const text = "the switch can't join: https://10.10.10.10 can’t be fetched: ECONNREFUSED";
    assert.deepEqual(controller.problems, [text]);
    const tries = (): number => kit.cluster.effects.filter((name) => name === 'fetch').length;
    assert.equal(tries(), 1);
    for (const [ms, expected] of [
      [29_000, 1],
      [1_000, 2],
      [59_000, 2],
      [1_000, 3],
    ] as const) {
      kit.clock.advance(ms);
      await reconcile();
      assert.equal(tries(), expected);
    }
    assert.ok(log.lines.filter((line) => line.startsWith('warn')).length <= 2, log.lines.join('\n'));
    kit.cluster.failures.clear();
    kit.clock.advance(120_000);
    await reconcile();
    await until('it has joined', () => kit.cluster.isJoined && controller.problems.length === 0);
  });

  test('a changed configuration is tried at once, whatever failed before', async (t) => {
    kit.cluster.failures.set('fetch', 'refused');
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    const { reconcile } = await start(t);
    kit.cluster.failures.clear();
    kit.databases.put(masterConfigRow, { ip: '10.10.10.11' });
    await reconcile();
    await until('it has joined', () => kit.cluster.isJoined);
    assert.equal(kit.cluster.asked?.ip, '10.10.10.11');
  });

  test('leaves when the server is disabled', async (t) => {
    joined();
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    kit.databases.put(featureStatusRow('snmp'), { current_owner: 'kube', docker_id: 'a', container_id: 'a' });
    const { reconcile } = await start(t);
    kit.databases.put(masterConfigRow, { disable: 'true' });
    await reconcile();
    assert.deepEqual(kit.cluster.effects, ['restart snmp', 'reset', 'disable', 'remove']);
    assert.equal(kit.databases.row(masterStatusRow)?.['connected'], 'false');
  });

  test('does not leave a feature that somebody has locked, tells it, and does once it is lifted', async (t) => {
    joined();
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10', disable: 'true' });
    kit.databases.put(featureStatusRow('snmp'), { current_owner: 'kube', docker_id: 'a', container_id: 'a' });
    kit.locks.add(lockOf());
    const { controller, reconcile } = await start(t);
    assert.match(controller.problems.join(), /^the switch can't leave: snmp is locked by bob/);
    assert.deepEqual(kit.cluster.effects, []);
    kit.locks.remove('snmp');
    kit.clock.advance(30_000);
    await reconcile();
    assert.ok(!kit.cluster.isJoined);
    assert.deepEqual(controller.problems, []);
  });

  test('does not leave again and again what a tool that does nothing leaves', async (t) => {
    joined();
    kit.cluster.isIdle = true;
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10', disable: 'true' });
    const { controller, reconcile } = await start(t);
    await until('it has failed', () => controller.problems.length === 1);
    await reconcile();
    assert.deepEqual(kit.cluster.effects.filter((name) => name === 'reset').length, 1);
    assert.match(controller.problems.join(), /^the switch can't leave: .*kubelet\.conf is still there/);
    kit.clock.advance(30_000);
    await reconcile();
    assert.equal(kit.cluster.effects.filter((name) => name === 'reset').length, 2);
  });

  test('does not leave again and again while somebody says that the node is connected', async (t) => {
    joined();
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10', disable: 'true' });
    kit.cluster.onEffect = (name) => {
      if (name === 'remove') kit.databases.put(masterStatusRow, { connected: 'true' });
    };
    const { controller, reconcile } = await start(t);
    await until('it has failed', () => controller.problems.length === 1);
    await reconcile();
    assert.equal(kit.cluster.effects.filter((name) => name === 'reset').length, 1);
  });

  test('tells of another server than the one it has joined by, until that is mended', async (t) => {
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    const { controller, reconcile } = await start(t);
    kit.clock.advance(300_000);
    await reconcile();
    await until('it has joined', () => kit.cluster.isJoined);
    kit.cluster.effects.length = 0;
    kit.databases.put(masterConfigRow, { ip: '10.10.10.11' });
    await reconcile();
    assert.match(controller.problems.join(), /joined by 10\.10\.10\.10:6443, and 10\.10\.10\.11:6443 is/);
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    await reconcile();
    assert.deepEqual([controller.problems, kit.cluster.effects], [[], []]);
  });

  test('leaves it to a command that joins or leaves at this moment, and reconciles again', async (t) => {
    kit.isLockTaken = true;
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    const { controller, reconcile } = await start(t);
    assert.deepEqual([kit.cluster.effects, controller.problems], [[], []]);
    assert.match(log.lines.at(-1) ?? '', /a command joins or leaves at this moment/);
    kit.isLockTaken = false;
    await reconcile();
    await until('it has joined', () => kit.cluster.isJoined);
  });

  test('goes on when the database is back, and is silent meanwhile', async (t) => {
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    kit.databases.goDown();
    const { reconcile } = await start(t);
    assert.deepEqual(log.lines, []);
    kit.databases.comeBack();
    await reconcile();
    await until('it has joined', () => kit.cluster.isJoined);
  });

  test('that ends in the middle of it ends the tool, and releases the lock', async (t) => {
    kit.cluster.isHanging = true;
    kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
    const { stop, ended, controller } = await start(t);
    await until('it joins', () => kit.cluster.effects.at(-1) === 'join');
    stop.abort();
    await ended;
    assert.deepEqual([kit.isLockTaken, controller.problems], [false, []]);
  });
});
