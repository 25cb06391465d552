import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeFeatureReading, selectFeatureRows } from '../../../../src/decide/feature/feature-reading.ts';
import {
  CONFIG,
  HEALTHY,
  LABELS,
  POLICY,
  readRows,
  STATUS,
  withRows,
} from '../../../support/feature-inputs.ts';

describe('what one reconcile of a feature reads', () => {
  test('rows that are not there are nothing, and nothing of it is a yes', () => {
    const reading = decodeFeatureReading('snmp', [], []);
    assert.equal(reading.config.setOwner, 'local');
    assert.equal(reading.policy.activeTimeToMarkGoodMs, 0);
    assert.equal(reading.isMasterConnected, undefined);
    assert.equal(reading.isRebooting, false);
    assert.deepEqual([reading.stableVersion, reading.lastVersion, reading.localVersion], ['', '', '']);
    assert.deepEqual(reading.blocks, {});
  });

  test('each value is read from its own row and field', () => {
    const rows = withRows(HEALTHY, {
      [LABELS]: {
        snmp_local: '1.0',
        snmp_enabled: 'true',
        'snmp_2.0_enabled': 'false',
        'snmp_3.0_enabled': 'true',
      },
      [STATUS]: { container_stable_version: '1.0', container_last_version: '0.9', update_time: 'now' },
      'config IMAGE_MGMT|snmp': { active_time_to_mark_good: '5s' },
      'state FAST_RESTART_ENABLE_TABLE|system': { enable: 'true' },
    });
    const reading = readRows(rows, ['2.0', '9.9']);
    assert.equal(reading.beat.version, '2.0');
    assert.equal(reading.localVersion, '1.0');
    assert.equal(reading.enabledLabel, 'true');
    assert.deepEqual(reading.blocks, { '2.0': 'false', '9.9': undefined }, 'of the versions asked for');
    assert.deepEqual([reading.stableVersion, reading.lastVersion], ['1.0', '0.9']);
    assert.equal(reading.policy.activeTimeToMarkGoodMs, 5_000, 'the feature’s own row comes first');
    assert.equal(reading.policy.failTimeToFallbackMs, 120_000);
    assert.equal(reading.isMasterConnected, true);
    assert.equal(reading.isRebooting, true);
    assert.equal(reading.statusValues['update_time'], 'now', 'it guards a release');
  });

  test('a warm reboot counts as one too, and no_fallback_to_local is a yes only if it says so (D20)', () => {
    const warm = { 'state WARM_RESTART_ENABLE_TABLE|system': { enable: 'true' } };
    assert.equal(readRows(warm).isRebooting, true);
    assert.equal(readRows({ [CONFIG]: { no_fallback_to_local: 'False' } }).policy.noFallbackToLocal, false);
    assert.equal(readRows({ [CONFIG]: { no_fallback_to_local: 'True' } }).policy.noFallbackToLocal, true);
    assert.equal(readRows({ [POLICY]: { Disable: 'True' } }).policy.isDisabled, true);
  });

  test('the list of checks, 4 KB for people, is not read', () => {
    const fields = selectFeatureRows('snmp', []).flatMap((row) => row.fields);
    assert.ok(!fields.includes('checks'));
  });
});
