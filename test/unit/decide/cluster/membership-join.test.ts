import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMasterConfig } from '../../../../src/contract/cluster/master-config.ts';
import { decideJoin } from '../../../../src/decide/cluster/membership-join.ts';

const CONFIG = decodeMasterConfig({ ip: '10.0.0.1' });
const DISABLED = { ...CONFIG, isDisabled: true };
const ALONE = { isJoined: false };
const JOINED = { isJoined: true };

describe('an operator’s join', () => {
  const refusal = (config: typeof CONFIG, status = ALONE, isForced = false): string => {
    const decision = decideJoin(config, status, isForced);
    return decision.kind === 'refuse' ? decision.text : '';
  };

  test('goes ahead where a server is configured, whatever the daemon is waiting for', () => {
    assert.deepEqual(decideJoin(CONFIG, ALONE, false), { kind: 'join', isAnew: false });
  });

  test('is refused without a server, disabled, or joined, with what to do', () => {
    assert.match(refusal(decodeMasterConfig({})), /no server.*config kubernetes server ip ADDRESS$/);
    assert.match(refusal(decodeMasterConfig({ ip: 'a/b' })), /its ip "a\/b".*config kubernetes server ip/);
    assert.match(refusal(DISABLED), /disabled.*config kubernetes server disable off$/);
    assert.match(refusal(CONFIG, JOINED), /joined already.*ctrkit kube reset.*--force$/);
  });

  test('by force joins anew, and is still refused where there is nothing to join', () => {
    assert.deepEqual(decideJoin(CONFIG, JOINED, true), { kind: 'join', isAnew: true });
    assert.deepEqual(decideJoin(CONFIG, ALONE, true), { kind: 'join', isAnew: false });
    assert.notEqual(refusal(DISABLED, JOINED, true), '');
    assert.notEqual(refusal(decodeMasterConfig({}), JOINED, true), '');
  });
});
