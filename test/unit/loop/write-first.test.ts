import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { featureStatusRow, healthRow, type GuardedWrite, type RowWrite } from '../../../src/contract/rows.ts';
import { writeFirst } from '../../../src/loop/write-first.ts';
import { FakeDatabases } from '../../support/fake-row-store.ts';

const STATUS = featureStatusRow('snmp');
const HEALTH = healthRow('snmp');

const when = (state: string): GuardedWrite => ({
  guard: { address: STATUS, values: { remote_state: state } },
  write: { kind: 'set', address: STATUS, values: { current_owner: `was ${state}` } },
});
const more: RowWrite = { kind: 'set', address: HEALTH, values: { status: 'stopped' } };

describe('the first write whose guard holds', () => {
  test('is carried out alone, and with it what belongs to it', async () => {
    const databases = new FakeDatabases(() => 0);
    databases.put(STATUS, { remote_state: 'pending' });
    const alternatives = [when('running'), when('pending'), when('pending')];
    assert.equal(await writeFirst(databases.open(), alternatives, [more]), true);
    assert.equal(databases.row(STATUS)?.['current_owner'], 'was pending');
    assert.equal(databases.row(HEALTH)?.['status'], 'stopped');
  });

  test('is none where no guard holds: nothing is written', async () => {
    const databases = new FakeDatabases(() => 0);
    databases.put(STATUS, { remote_state: 'none' });
    for (const alternatives of [[], [when('running'), when('pending')]])
      assert.equal(await writeFirst(databases.open(), alternatives, [more]), false);
    assert.deepEqual([databases.row(STATUS), databases.row(HEALTH)], [{ remote_state: 'none' }, undefined]);
  });
});
