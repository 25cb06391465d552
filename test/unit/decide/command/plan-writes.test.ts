import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import type { FieldValues, RowWrite } from '../../../../src/contract/rows.ts';
import { decideStart, type StartDecision } from '../../../../src/decide/command/decide-start.ts';
import {
  isRecordOf,
  planClear,
  planDown,
  planGiveUp,
  planReturnToLocal,
  planStart,
} from '../../../../src/decide/command/plan-writes.ts';

const WALL_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const ID = 'aaaaaaaaaaaa';
const decision = (kind: StartDecision['kind']): StartDecision => ({ kind, text: '' });
const valuesOf = (write: RowWrite | undefined) => (write?.kind === 'set' ? write.values : {});
const start = (kind: StartDecision['kind'], dockerId: string | undefined) =>
  planStart(decision(kind), { name: 'snmp', dockerId }, WALL_MS).map(valuesOf);

describe('what a start records', () => {
  test('local: up, the engine’s own id, no claim yet, and Kubernetes kept away', () => {
    const [{ update_time, ...status } = {}, label] = start('local', ID);
    assert.match(update_time ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual(status, {
      system_state: 'up',
      last_update_ts: String(WALL_MS / 1000),
      label_owner: 'local',
      remote_state: 'none',
      current_owner: 'local',
      container_id: 'snmp',
      docker_id: ID,
      claim_token: '',
      claim_owner: '',
      claim_boot_id: '',
      claim_ms: '',
    });
    assert.deepEqual(label, { snmp_enabled: 'false' });
  });

  test('kube: up, and leave to deploy; the hand-shake is the container’s and ours, and left alone', () => {
    const [status = {}, label] = start('kube', undefined);
    assert.deepEqual(Object.keys(status).toSorted(), [
      'label_owner',
      'last_update_ts',
      'system_state',
      'update_time',
    ]);
    assert.equal(status['label_owner'], 'kube');
    assert.deepEqual(label, { snmp_enabled: 'true' });
  });

  test('kube with the switch’s own until then: both', () => {
    const [status = {}, label] = start('kube-and-local', ID);
    assert.equal(status['current_owner'], 'local');
    assert.equal(status['remote_state'], undefined);
    assert.deepEqual(label, { snmp_enabled: 'true' });
  });

  test('both names of the time of change are written (D27)', () => {
    for (const write of [
      planDown('snmp', WALL_MS),
      planStart(decision('kube'), { name: 'snmp', dockerId: undefined }, WALL_MS)[0],
    ]) {
      assert.ok(valuesOf(write)['update_time']);
      assert.equal(valuesOf(write)['last_update_ts'], '1767323045');
    }
  });

  test('a decision says why in words', () => {
    const config = { setOwner: 'kube', state: 'enabled', noFallbackToLocal: false };
    const status = decodeStatus({ remote_state: 'stopped' });
    const { text } = decideStart({ config, status, isMasterConnected: true, isKubeRunning: false });
    assert.match(text, /stopped/);
  });
});

describe('what clears a record', () => {
  test('turns running into stopped, and leaves every other remote_state as it is, also for owner local', () => {
    for (const owner of ['local', 'kube', 'none']) {
      const [running, asItIs] = planClear('snmp', { current_owner: owner, docker_id: ID }, WALL_MS);
      assert.equal(running?.guard.values['remote_state'], 'running');
      assert.equal(valuesOf(running?.write)['remote_state'], 'stopped');
      assert.equal(valuesOf(asItIs?.write)['remote_state'], undefined);
      assert.equal(valuesOf(asItIs?.write)['current_owner'], 'none');
      assert.equal(valuesOf(asItIs?.write)['claim_token'], '');
    }
  });

  test('is guarded by all that tells one holder from the next', () => {
    const values = { current_owner: 'kube', docker_id: ID, container_id: ID, claim_token: 't' };
    for (const { guard } of planClear('snmp', values, WALL_MS))
      assert.deepEqual({ ...guard.values, ...values }, guard.values);
  });
});

describe('whether a record is still that of the container that has ended', () => {
  const is = (before: FieldValues, now: FieldValues) => isRecordOf(decodeStatus(before), decodeStatus(now));
  const kube = (id: string, token = id) => ({
    current_owner: 'kube',
    docker_id: id,
    container_id: id,
    claim_token: token,
  });
  const local = { current_owner: 'local', docker_id: ID, container_id: 'snmp' };

  test('it is while the container is the same, and once it is nobody’s', () => {
    assert.equal(is(kube(ID), kube(ID)), true);
    assert.equal(is(kube(ID), { current_owner: 'none', docker_id: '' }), true);
    assert.equal(is(kube(ID), {}), true);
    assert.equal(is(local, { ...local, claim_token: 't' }), true);
    assert.equal(is({}, local), true);
  });

  test('it is not once another has claimed', () => {
    assert.equal(is(kube(ID), kube('bbbbbbbbbbbb')), false);
    assert.equal(is(local, kube('bbbbbbbbbbbb')), false);
    assert.equal(is({}, kube('bbbbbbbbbbbb')), false);
    assert.equal(is(kube('unknown', 't1'), kube('unknown', 't2')), false);
    assert.equal(is(kube('unknown', 't1'), kube('unknown', 't1')), true);
  });
});

describe('the way back to the local image', () => {
  test('keeps every gate closed; whoever calls adds the update times', () => {
    assert.deepEqual(planReturnToLocal('snmp'), {
      kind: 'set',
      address: { db: 'state', table: 'FEATURE', row: 'snmp' },
      values: { remote_state: 'none', system_state: 'down' },
      remove: ['pending_token'],
    });
  });

  test('of a wait that gives up leaves the service up, which ctrkitd goes by', () => {
    const write = planGiveUp('snmp');
    assert.deepEqual(write.kind === 'set' && write.values, { remote_state: 'none' });
  });
});
