import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labelsRow } from '../../../../src/contract/cluster/feature-labels.ts';
import { listBlocks, listVersionLabels } from '../../../../src/decide/gate/version-blocks.ts';

describe('the labels of a feature’s versions', () => {
  test('are those with its name and a version in them', () => {
    const fields = [
      'snmp_enabled',
      'snmp_local',
      'snmp_1.0_enabled',
      'lldp_1.0_enabled',
      'snmp_1.0',
      'snmp__enabled',
    ];
    assert.deepEqual(listVersionLabels('snmp', fields, ['snmp', 'lldp']), ['snmp_1.0_enabled']);
  });

  test('are not those of a feature whose name begins with this one’s', () => {
    const fields = ['dhcp_relay_enabled', 'dhcp_relay_1.0_enabled', 'dhcp_2.0_enabled'];
    assert.deepEqual(listVersionLabels('dhcp', fields, ['dhcp', 'dhcp_relay']), ['dhcp_2.0_enabled']);
    assert.deepEqual(listVersionLabels('dhcp_relay', fields, ['dhcp', 'dhcp_relay']), [
      'dhcp_relay_1.0_enabled',
    ]);
  });

  test('block what they say false of, in any case of letters', () => {
    const row = {
      address: labelsRow('state'),
      values: {
        'snmp_1.0_enabled': 'False',
        'snmp_2.0_enabled': 'true',
        snmp_enabled: 'false',
        snmp_v_x_enabled: 'false',
        snmp_3_enabled: undefined,
      },
    };
    assert.deepEqual(
      listBlocks('snmp', [row]).map(({ version, field }) => [version, field]),
      [
        ['1.0', 'snmp_1.0_enabled'],
        ['v_x', 'snmp_v_x_enabled'],
      ],
    );
  });
});
