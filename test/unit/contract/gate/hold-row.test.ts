import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeHold, isHoldExpired, nameHold } from '../../../../src/contract/gate/hold.ts';

const NOW = { bootId: 'boot-1', bootMs: 1_000_000 };
const renewed = (agoMs: number) => ({ boot_id: 'boot-1', renewed_ms: String(NOW.bootMs - agoMs) });

describe('the row of a hold', () => {
  test('has a key of its own for each container whose id can’t be found (G18)', () => {
    assert.equal(nameHold({ dockerId: 'aaaaaaaaaaaa', token: 'token-a' }), 'aaaaaaaaaaaa');
    const names = ['0123456789', '9876543210'].map((token) => nameHold({ dockerId: 'unknown', token }));
    assert.deepEqual(names, ['unknown-01234567', 'unknown-98765432']);
  });

  test('is expired 180 s after its last renewal, by the boot clock, and of another boot at once (G28)', () => {
    assert.equal(isHoldExpired(renewed(179_999), NOW), false);
    assert.equal(isHoldExpired(renewed(180_000), NOW), true);
    assert.equal(isHoldExpired({ ...renewed(0), boot_id: 'boot-0' }, NOW), true);
  });

  test('has one line of ASCII for a text, whatever set_owner holds', () => {
    const hold = { owner: 'kube', version: '1', reason: 'owner-is-local', sinceTs: 1, ...NOW } as const;
    const { text } = encodeHold({ ...hold, text: 'a\u001b]52;c\u0007\n\u009bb\u202e', renewedMs: 1 });
    assert.equal(text, 'a ]52;c b ');
  });

  test('of a gate that did not write these times is not expired', () => {
    assert.equal(isHoldExpired({ reason: 'system-not-up' }, NOW), false);
  });
});
