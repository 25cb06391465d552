import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClaimHolder } from '../../../../src/container/agent/claim-holder.ts';
import { planClaim } from '../../../../src/contract/claim.ts';
import { featureStatusRow, healthRow } from '../../../../src/contract/rows.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';

const ROW = featureStatusRow('snmp');
const HEALTHY = { status: 'healthy', reason: '' } as const;

/** A container that was let in for kube and has beaten once. */
async function openHolder() {
  const clock = new FakeClock();
  const databases = new FakeDatabases(clock.bootMs);
  const claim = {
    feature: 'snmp',
    owner: 'kube',
    version: '2.0.0',
    dockerId: 'unknown',
    token: 'token-a',
    startedMs: clock.bootMs(),
    isRecorded: true,
    containerStart: 'boot-1/1',
    redisUrl: '',
    isMirrored: false,
  } as const;
  const at = { bootId: clock.bootId(), bootMs: clock.bootMs(), wallMs: clock.wallMs() };
  const store = databases.open();
  await store.write([], planClaim(claim, at));
  const endpoint = { path: '/a.sock' };
  const location = { endpoint, id: 6, separator: '|' };
  const where = { config: location, state: location, asic: '', source: 'a test', warnings: [] };
  const holder = new ClaimHolder(claim, { store, databases: where, clock, intervalMs: 10_000 });
  assert.deepEqual(await holder.beat(HEALTHY), { kind: 'held' });
  return { clock, databases, holder, row: () => databases.row(ROW) ?? {} };
}

describe('the claim of a running container', () => {
  test('is made again when the host side cleared owner and id, and left the token it does not know (D10)', async () => {
    const { databases, holder, row } = await openHolder();
    databases.put(ROW, { current_owner: 'none', container_id: '', remote_state: 'stopped' });
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
    assert.equal(row()['current_owner'], 'kube');
    assert.equal(row()['container_id'], 'unknown');
    assert.equal(row()['remote_state'], 'running');
  });

  test('is superseded when the shipped kit claimed for local over it, and writes nothing any more', async () => {
    const { databases, holder, row } = await openHolder();
    databases.put(ROW, { current_owner: 'local', container_id: 'snmp', container_version: '1.0.0' });
    const before = { ...row() };
    const beaten = databases.row(healthRow('snmp'));
    assert.equal((await holder.beat(HEALTHY)).kind, 'superseded');
    assert.equal(await holder.release(), false);
    assert.deepEqual(row(), before);
    assert.deepEqual(databases.row(healthRow('snmp')), beaten);
  });

  test('is released whole, also where the host side has cleared owner and id before', async () => {
    for (const cleared of [{}, { current_owner: 'none', container_id: '' }]) {
      const { databases, holder, row } = await openHolder();
      databases.put(ROW, cleared);
      assert.equal(await holder.release(), true);
      const { current_owner, docker_id, container_id, remote_state, claim_token, claim_boot_id, claim_ms } =
        row();
      assert.deepEqual(
        [current_owner, docker_id, container_id, remote_state, claim_token, claim_boot_id, claim_ms],
        ['none', '', '', 'stopped', '', '', ''],
      );
    }
  });

  test('counts up by one with each heartbeat that was written, and with no other', async () => {
    const { databases, holder } = await openHolder();
    databases.goDown();
    await assert.rejects(holder.beat(HEALTHY));
    databases.comeBack();
    await holder.beat(HEALTHY);
    assert.equal(databases.row(healthRow('snmp'))?.['seq'], '2');
  });
});
