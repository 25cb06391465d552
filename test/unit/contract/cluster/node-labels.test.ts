import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DESCRIPTION_KEYS, describeSwitch } from '../../../../src/contract/cluster/node-labels.ts';

describe('describeSwitch', () => {
  test('spells SONiC’s names and the HLD’s, and leaves out what nobody says', () => {
    assert.deepEqual(
      describeSwitch({ hwsku: 'S', platform: 'P', type: 'ToRRouter', deployment_type: '1' }, 'V'),
      {
        sonic_version: 'V',
        hwsku: 'S',
        deployment_type: '1',
        'worker.sonic/platform': 'P',
        'worker.sonic/hwsku': 'S',
        'worker.sonic/device-type': 'ToRRouter',
      },
    );
    assert.deepEqual(describeSwitch({ hwsku: '' }, ''), {});
  });

  test('gives every key that it may give, and no other', () => {
    const device = { hwsku: 'S', platform: 'P', type: 'ToRRouter', deployment_type: '1' };
    assert.deepEqual(Object.keys(describeSwitch(device, 'V')), [...DESCRIPTION_KEYS]);
  });
});
