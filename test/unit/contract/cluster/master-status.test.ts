import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canMasterDeploy,
  decodeMasterStatus,
  decodeMasterUpdate,
} from '../../../../src/contract/cluster/master-status.ts';

describe('canMasterDeploy', () => {
  test('connected counts unless the server is known not to answer', () => {
    assert.equal(canMasterDeploy({ connected: 'true' }), true);
    assert.equal(canMasterDeploy({ connected: 'True', server_reachability: 'True' }), true);
    assert.equal(canMasterDeploy({ connected: 'true', server_reachability: '' }), true);
    assert.equal(canMasterDeploy({ connected: 'true', server_reachability: 'false' }), false);
    assert.equal(canMasterDeploy({ connected: 'true', server_reachability: 'False' }), false);
    assert.equal(canMasterDeploy({ connected: 'false', server_reachability: 'true' }), false);
    assert.equal(canMasterDeploy({}), undefined);
    assert.equal(canMasterDeploy({ connected: '', server_reachability: 'false' }), undefined);
  });
});

describe('decodeMasterStatus', () => {
  test('tells what nobody has said from no', () => {
    assert.deepEqual(decodeMasterStatus({ connected: 'True', server_reachability: 'false' }), {
      isConnected: true,
      isReachable: false,
    });
    assert.deepEqual(decodeMasterStatus({ connected: '' }), {
      isConnected: undefined,
      isReachable: undefined,
    });
  });

  test('has both times of the last change, where they make sense', () => {
    assert.deepEqual(
      decodeMasterUpdate({ update_time: '2026-01-02 03:04:05', last_update_ts: '1767323045' }),
      {
        localTime: '2026-01-02 03:04:05',
        wallS: 1_767_323_045,
      },
    );
    assert.deepEqual(decodeMasterUpdate({ last_update_ts: 'soon' }), { localTime: '', wallS: undefined });
  });
});
