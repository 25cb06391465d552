import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findFeature, findNearest } from '../../../../../../src/host/commands/ctrkit/reading/find-feature.ts';

const FEATURES = ['dhcp_relay', 'lldp', 'pmon', 'radv', 'snmp', 'swss'];

describe('a feature that is named', () => {
  test('is found, and an instance of it with the configuration of all (D28)', () => {
    assert.deepEqual(findFeature('snmp', FEATURES), { kind: 'known', configName: 'snmp' });
    assert.deepEqual(findFeature('lldp0', FEATURES), { kind: 'known', configName: 'lldp' });
    assert.deepEqual(findFeature('lldp0', [...FEATURES, 'lldp0']), { kind: 'known', configName: 'lldp0' });
  });

  test('and is not there is told with the nearest one', () => {
    for (const [name, nearest] of [
      ['snpm', 'snmp'],
      ['SNMP', 'snmp'],
      ['dhcprelay', 'dhcp_relay'],
      ['dhcp-relay', 'dhcp_relay'],
    ] as const)
      assert.deepEqual(findFeature(name, FEATURES), {
        kind: 'unknown',
        text: `CONFIG_DB has no feature ${name}: do you mean ${nearest}?`,
      });
  });

  test('and is near to none is told without one', () => {
    assert.match(JSON.stringify(findFeature('telemetry', FEATURES)), /ctrkit status lists them all/);
    assert.equal(findNearest('x', []), undefined);
    assert.equal(findNearest('123', FEATURES), undefined);
  });
});
