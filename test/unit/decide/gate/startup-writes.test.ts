import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import { planVerdict } from '../../../../src/decide/gate/startup-writes.ts';
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

  test('multi-ASIC: the host’s row is asked before the record, of nothing else (D28, G10)', () => {
    const rowsOf = (verdict: Parameters<typeof planVerdict>[0]) =>
      planVerdict(verdict, CLAIM, AT, '1').map(({ address }) => address);
    assert.deepEqual(rowsOf(wait('pending')), [HOST, STATUS]);
    assert.deepEqual(rowsOf(wait('version')), [STATUS]);
    assert.deepEqual(rowsOf({ kind: 'go' }), [STATUS]);
    assert.deepEqual(planVerdict(wait('pending'), CLAIM, AT, '1')[0], {
      kind: 'set',
      address: HOST,
      values: { remote_state: 'pending' },
    });
  });
});
