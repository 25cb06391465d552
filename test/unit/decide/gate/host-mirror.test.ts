import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isMirrored,
  planHostClaim,
  planHostQuestion,
  planHostRenewal,
  planHostStop,
} from '../../../../src/decide/gate/host-mirror.ts';
import type { RowValues } from '../../../../src/contract/rows.ts';

const STATUS = { db: 'state', table: 'FEATURE', row: 'snmp' } as const;
const HOST = { db: 'hostState', table: 'FEATURE', row: 'snmp1' } as const;
const SNMP = { feature: 'snmp', asic: '1' };

const row = (address: RowValues['address'], values: RowValues['values']): RowValues => ({ address, values });

describe('whether the host’s row takes part', () => {
  test('it does where the shipped host side has written anything in it, an empty text included (D28)', () => {
    assert.equal(isMirrored([row(HOST, { system_state: 'up', remote_state: undefined })]), true);
    assert.equal(isMirrored([row(HOST, { system_state: undefined, remote_state: '' })]), true);
  });

  test('it does not where it is empty, nor for another row of either database', () => {
    const labels = { db: 'hostState', table: 'KUBE_LABELS', row: 'SET' } as const;
    assert.equal(isMirrored([row(HOST, { system_state: undefined, remote_state: undefined })]), false);
    assert.equal(
      isMirrored([row(STATUS, { system_state: 'up' }), row(labels, { snmp_local: '1.0' })]),
      false,
    );
    assert.equal(isMirrored([]), false);
  });
});

describe('what the host’s row is told (D28)', () => {
  const saying = (remote_state: string) => ({ kind: 'set', address: HOST, values: { remote_state } });

  test('the question, whatever stands there: an old answer has to go (G10)', () =>
    assert.deepEqual(planHostQuestion(SNMP), saying('pending')));

  test('a claim, where the row says what the decision read there (G9)', () => {
    for (const read of ['ready', '', undefined])
      assert.deepEqual(planHostClaim(SNMP, [row(STATUS, {}), row(HOST, { remote_state: read })]), {
        ...saying('running'),
        onlyIf: { remote_state: read },
      });
  });

  test('with a heartbeat, running where it was lost; at most one of the writes fits, and none needs its key (S2)', () => {
    const writes = planHostRenewal(SNMP);
    const conditions = writes.map((write) => JSON.stringify(write.kind === 'set' && write.onlyIf));
    assert.equal(new Set(conditions).size, writes.length);
    for (const write of writes)
      assert.deepEqual(write, {
        ...saying('running'),
        onlyIf: write.kind === 'set' ? write.onlyIf : {},
        isDispensable: true,
      });
  });

  test('a release, where the row says running (G9)', () =>
    assert.deepEqual(planHostStop(SNMP), {
      ...saying('stopped'),
      onlyIf: { remote_state: 'running' },
      isDispensable: true,
    }));
});
