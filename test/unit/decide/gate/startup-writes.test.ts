import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import { isMirrored, planVerdict } from '../../../../src/decide/gate/startup-writes.ts';
import type { RowValues } from '../../../../src/contract/rows.ts';
import { NOW, SELF } from '../../../support/snapshots.ts';

const CLAIM = { ...SELF, owner: 'kube' } as const;
const AT = { bootId: NOW.bootId, bootMs: NOW.bootMs, wallMs: 0 };
const STATUS = { db: 'state', table: 'FEATURE', row: 'snmp' } as const;
const HOST = { db: 'hostState', table: 'FEATURE', row: 'snmp1' } as const;

const wait = (announce: 'nothing' | 'version' | 'pending') => ({ kind: 'wait', announce, text: '' }) as const;

describe('what a verdict writes', () => {
  test('go: the claim', () => {
    assert.deepEqual(planVerdict({ kind: 'go' }, CLAIM, AT, undefined), planClaim(CLAIM, AT));
  });

  test('pending: the version, the question and whose it is, in one row (D5, D6)', () => {
    assert.deepEqual(planVerdict(wait('pending'), CLAIM, AT, undefined), [
      {
        kind: 'set',
        address: STATUS,
        values: { container_version: '1.2.0', remote_state: 'pending', pending_token: 'token-a' },
      },
    ]);
  });

  test('version: the version, and no other field', () => {
    assert.deepEqual(planVerdict(wait('version'), CLAIM, AT, undefined), [
      { kind: 'set', address: STATUS, values: { container_version: '1.2.0' } },
    ]);
  });

  test('nothing: nothing', () => {
    for (const asic of [undefined, '1']) assert.deepEqual(planVerdict(wait('nothing'), CLAIM, AT, asic), []);
  });

  test('multi-ASIC: the host’s row is asked, and told of the go, and of nothing else (D28)', () => {
    const mirrored = (verdict: Parameters<typeof planVerdict>[0]) =>
      planVerdict(verdict, CLAIM, AT, '1').filter(({ address }) => address.db === 'hostState');
    const row = (state: string) => [{ kind: 'set', address: HOST, values: { remote_state: state } }];
    assert.deepEqual(mirrored(wait('pending')), row('pending'));
    assert.deepEqual(mirrored({ kind: 'go' }), row('running'));
    assert.deepEqual(mirrored(wait('version')), []);
  });
});

describe('whether the host’s row takes part', () => {
  const row = (address: RowValues['address'], values: RowValues['values']): RowValues => ({
    address,
    values,
  });

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
