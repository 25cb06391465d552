import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import { masterStatusRow } from '../../../../src/contract/cluster/master-status.ts';
import {
  decideMasterRecord,
  planMasterRecord,
  type MasterInput,
} from '../../../../src/decide/cluster/master-record.ts';

const WALL_MS = 1_767_323_045_000;
const SERVER = { host: '10.0.0.1', port: 6443 };
const JOINED = { isConnected: true, isReachable: true, server: SERVER };
const plan = (values: FieldValues, record = JOINED) =>
  planMasterRecord({ address: masterStatusRow, values }, record, WALL_MS);

describe('planMasterRecord', () => {
  test('writes what SONiC and what the HLD call it, with both times', () => {
    const write = plan({});
    assert.ok(write?.kind === 'set');
    const { update_time: text, ...values } = write.values;
    assert.deepEqual(values, {
      connected: 'true',
      server_reachability: 'true',
      ip: '10.0.0.1',
      server_ip: '10.0.0.1',
      port: '6443',
      last_update_ts: '1767323045',
    });
    assert.match(text ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  test('writes nothing while the row says so', () => {
    const values = { connected: 'true', server_reachability: 'true', ip: '10.0.0.1', server_ip: '10.0.0.1' };
    assert.equal(plan({ ...values, port: '6443' }), undefined);
    assert.notEqual(plan({ ...values, port: '6444' }), undefined);
    assert.notEqual(plan({ ...values, port: '6443', connected: 'false' }), undefined);
    assert.notEqual(plan({ ...values, port: '6443', server_reachability: '' }), undefined);
  });

  test('without a server the address that somebody wrote stays', () => {
    const write = planMasterRecord(
      { address: masterStatusRow, values: { ip: '10.9.9.9' } },
      { isConnected: false, isReachable: false, server: undefined },
      WALL_MS,
    );
    assert.ok(write?.kind === 'set');
    assert.equal('ip' in write.values, false);
  });
});

describe('decideMasterRecord', () => {
  const UP = { connected: 'true', server_reachability: 'true' };
  const decide = (values: FieldValues, input: Partial<MasterInput>) => {
    const whole = {
      server: SERVER,
      node: undefined,
      isFailing: false,
      isAway: false,
      isDisabled: false,
      ...input,
    };
    const record = decideMasterRecord({ address: masterStatusRow, values }, whole);
    return record && [record.isConnected, record.isReachable];
  };

  test('a node that is there is connected, one that is not is not, and the server answers in both', () => {
    assert.deepEqual(decide({}, { node: 'found' }), [true, true]);
    assert.deepEqual(decide(UP, { node: 'missing' }), [false, true]);
  });

  test('what the row says stands as long as nobody knows better', () => {
    assert.equal(decide(UP, {}), undefined);
    assert.equal(decide(UP, { isFailing: true }), undefined);
    assert.equal(decide(UP, { server: undefined, isFailing: true }), undefined);
  });

  test('a server that is away for long is out of reach, and the switch stays its node', () => {
    const away = { isFailing: true, isAway: true };
    assert.deepEqual(decide(UP, { ...away, node: 'found' }), [true, false]);
    assert.deepEqual(decide(UP, away), [true, false]);
    assert.deepEqual(decide({}, away), [false, false]);
  });

  test('without a master it is neither, and disabled it is not connected, whether or not it was asked', () => {
    assert.deepEqual(decide(UP, { server: undefined }), [false, false]);
    assert.deepEqual(decide(UP, { isDisabled: true }), [false, true]);
    assert.deepEqual(decide(UP, { node: 'found', isDisabled: true }), [false, true]);
  });
});
