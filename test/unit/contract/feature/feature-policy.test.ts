import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodePolicy,
  decodeProcessIntervals,
  DEFAULT_PROCESS_INTERVALS,
  planUpStatus,
  processHeartbeatRow,
  UNKNOWN_POLICY,
} from '../../../../src/contract/feature/feature-policy.ts';

describe('what CONFIG_DB says of a feature’s health', () => {
  test('auto_restart is handed on as it is, always_enabled too (D14)', () => {
    for (const text of ['enabled', 'disabled', 'always_enabled', '', 'Enabled'])
      assert.equal(decodePolicy({ auto_restart: text }).autoRestart, text);
  });

  test('no auto_restart is disabled, which is not the same as not being told', () => {
    assert.equal(decodePolicy({}).autoRestart, 'disabled');
    assert.equal(UNKNOWN_POLICY.autoRestart, undefined);
  });

  test('up_status is wanted only where somebody has said so, in any spelling', () => {
    for (const text of ['true', 'True', 'TRUE'])
      assert.equal(decodePolicy({ check_up_status: text }).isUpStatusWanted, true);
    for (const text of ['false', 'False', '', 'yes', '1', undefined])
      assert.equal(decodePolicy({ check_up_status: text }).isUpStatusWanted, false);
    assert.equal(UNKNOWN_POLICY.isUpStatusWanted, false);
  });

  test('the intervals of a process are milliseconds, each with SONiC’s default (D15)', () => {
    assert.deepEqual(processHeartbeatRow('orchagent'), {
      db: 'config',
      table: 'HEARTBEAT',
      row: 'orchagent',
    });
    assert.deepEqual(decodeProcessIntervals({}), { heartbeatIntervalMs: 10_000, alertIntervalMs: 60_000 });
    assert.deepEqual(decodeProcessIntervals({ heartbeat_interval: '2500', alert_interval: '5000' }), {
      heartbeatIntervalMs: 2_500,
      alertIntervalMs: 5_000,
    });
  });

  test('an interval that is none says nothing', () => {
    for (const text of ['', '0', '-1', '1.5', '010', '1e3', ' 5', 'soon', '9'.repeat(10)])
      assert.deepEqual(
        decodeProcessIntervals({ heartbeat_interval: text, alert_interval: text }),
        DEFAULT_PROCESS_INTERVALS,
        text,
      );
  });

  test('up_status and fail_reason are fields of the feature’s status, as SONiC spells them', () => {
    assert.deepEqual(planUpStatus('snmp', { isUp: false, failReason: 'start: failed' }), {
      kind: 'set',
      address: { db: 'state', table: 'FEATURE', row: 'snmp' },
      values: { up_status: 'false', fail_reason: 'start: failed' },
    });
    const up = planUpStatus('snmp', { isUp: true, failReason: '' });
    assert.deepEqual(up.kind === 'set' && up.values, { up_status: 'true', fail_reason: '' });
  });
});
