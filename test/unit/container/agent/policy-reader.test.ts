import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PolicyReader } from '../../../../src/container/agent/policy-reader.ts';
import { processHeartbeatRow } from '../../../../src/contract/feature/feature-policy.ts';
import { fastRestartRow, warmRestartRow } from '../../../../src/contract/feature/switch-rows.ts';
import { featureConfigRow } from '../../../../src/contract/rows.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';

const CONFIG = featureConfigRow('snmp');

function setUp(processes: string[] = []) {
  const clock = new FakeClock();
  const databases = new FakeDatabases(clock.bootMs);
  const store = databases.open();
  const reader = new PolicyReader(() => processes);
  return { clock, databases, reader, read: () => reader.read(store, 'snmp', clock.bootMs()) };
}

describe('the policy of a feature', () => {
  test('is unknown until CONFIG_DB has told, and asks nobody to restart anything (D14)', async () => {
    const { databases, reader, read } = setUp();
    databases.goDown();
    await read();
    assert.deepEqual(reader.policy, {
      autoRestart: undefined,
      isUpStatusWanted: false,
      rebootSinceMs: undefined,
    });
  });

  test('is what CONFIG_DB says now, read again each time (D15)', async () => {
    const { databases, reader, read } = setUp();
    for (const autoRestart of ['enabled', 'always_enabled', 'disabled']) {
      databases.put(CONFIG, { auto_restart: autoRestart, check_up_status: 'True' });
      await read();
      assert.deepEqual(reader.policy, { autoRestart, isUpStatusWanted: true, rebootSinceMs: undefined });
    }
  });

  test('stays what it was told last while CONFIG_DB is out of reach', async () => {
    const { databases, reader, read } = setUp(['orchagent']);
    databases.put(CONFIG, { auto_restart: 'enabled' });
    databases.put(processHeartbeatRow('orchagent'), { heartbeat_interval: '1000' });
    await read();
    databases.goDown();
    await read();
    assert.equal(reader.policy.autoRestart, 'enabled');
    assert.equal(reader.intervalsOf('orchagent').heartbeatIntervalMs, 1_000);
  });

  test('is read though the key of another row is no hash, which is named (F8)', async () => {
    const { databases, reader, read } = setUp(['orchagent', 'syncd']);
    databases.put(CONFIG, { auto_restart: 'enabled' });
    databases.put(processHeartbeatRow('syncd'), { heartbeat_interval: '1000' });
    databases.putText(warmRestartRow);
    databases.putText(processHeartbeatRow('orchagent'));
    databases.put(fastRestartRow, { enable: 'true' });
    const problems = await read();
    assert.deepEqual(
      problems.map((text) => /^WRONGTYPE (\S+)/.exec(text)?.[1]),
      ['WARM_RESTART_ENABLE_TABLE|system', 'HEARTBEAT|orchagent'],
    );
    assert.equal(reader.policy.autoRestart, 'enabled');
    assert.notEqual(reader.policy.rebootSinceMs, undefined);
    assert.equal(reader.intervalsOf('syncd').heartbeatIntervalMs, 1_000);
    databases.putText(CONFIG);
    await read();
    assert.equal(reader.policy.autoRestart, 'enabled', 'the last one stays');
  });

  test('a row that was removed is a policy again: the default', async () => {
    const { databases, reader, read } = setUp();
    databases.put(CONFIG, { auto_restart: 'enabled' });
    await read();
    databases.flush();
    await read();
    assert.equal(reader.policy.autoRestart, 'disabled');
  });

  test('the intervals of each process are its own, SONiC’s for one without a row, and read again (D15)', async () => {
    const processes = ['orchagent', 'syncd'];
    const { databases, reader, read } = setUp(processes);
    databases.put(processHeartbeatRow('syncd'), { heartbeat_interval: '2000', alert_interval: '9000' });
    await read();
    const { intervalsOf } = reader;
    assert.deepEqual(intervalsOf('syncd'), { heartbeatIntervalMs: 2_000, alertIntervalMs: 9_000 });
    assert.deepEqual(intervalsOf('orchagent'), { heartbeatIntervalMs: 10_000, alertIntervalMs: 60_000 });
    assert.deepEqual(intervalsOf('nobody'), intervalsOf('orchagent'));
    processes.shift();
    databases.put(processHeartbeatRow('syncd'), { heartbeat_interval: '3000' });
    await read();
    assert.equal(intervalsOf('syncd').heartbeatIntervalMs, 3_000);
  });

  for (const row of [warmRestartRow, fastRestartRow])
    test(`knows since when ${row.table} announces a reboot (G25)`, async () => {
      const { clock, databases, reader, read } = setUp();
      databases.put(row, { enable: 'true' });
      await read();
      const sinceMs = clock.bootMs();
      clock.advance(10_000);
      await read();
      assert.equal(reader.policy.rebootSinceMs, sinceMs);
      databases.put(row, { enable: 'false' });
      await read();
      assert.equal(reader.policy.rebootSinceMs, undefined);
    });
});
