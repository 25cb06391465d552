import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeEnabledFeature,
  decodeEnabledValue,
  decodeEnabledVersion,
  enabledLabel,
  isEnabledLabel,
  versionEnabledLabel,
} from '../../../../src/contract/cluster/feature-labels.ts';

describe('the labels of a feature', () => {
  test('are decoded as they are encoded', () => {
    assert.equal(decodeEnabledFeature(enabledLabel('snmp_trap')), 'snmp_trap');
    assert.equal(decodeEnabledVersion('snmp', versionEnabledLabel('snmp', '1.0-rc_2')), '1.0-rc_2');
    assert.ok(isEnabledLabel(enabledLabel('snmp')) && isEnabledLabel(versionEnabledLabel('snmp', '1.0')));
  });

  test('of another feature, or of none, are not taken for this one’s', () => {
    for (const key of ['snmp_enabled', 'lldp_1.0_enabled', 'snmp_local', 'snmp1.0_enabled', ''])
      assert.equal(decodeEnabledVersion('snmp', key), undefined, key);
    for (const key of ['snmp_local', '_enabled', 'rack', 'a.b_enabled'])
      assert.equal(decodeEnabledFeature(key), undefined, key);
  });

  test('say true or false in any letter case, and nothing else', () => {
    for (const text of ['true', 'True', 'TRUE']) assert.equal(decodeEnabledValue(text), true, text);
    for (const text of ['false', 'False']) assert.equal(decodeEnabledValue(text), false, text);
    for (const text of [undefined, '', '1', 'yes', ' true'])
      assert.equal(decodeEnabledValue(text), undefined, text);
  });
});
