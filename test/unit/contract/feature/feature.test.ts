import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeConfig,
  decodeMs,
  decodeStatus,
  hasRecordedHolder,
  STATUS_FIELDS,
  isDisabled,
} from '../../../../src/contract/feature/feature.ts';

describe('the configuration of a feature', () => {
  test('a row that is not there is owner local, no state, with a fallback', () => {
    assert.deepEqual(decodeConfig({}), { setOwner: 'local', state: '', noFallbackToLocal: false });
  });

  test('an empty set_owner is local; any other text is taken as it is', () => {
    assert.equal(decodeConfig({ set_owner: '' }).setOwner, 'local');
    assert.equal(decodeConfig({ set_owner: 'kube' }).setOwner, 'kube');
    assert.equal(decodeConfig({ set_owner: 'Kube' }).setOwner, 'Kube');
  });

  test('a yes is true in any letter case, and nothing else: "false" is not a yes (D20)', () => {
    const read = (text: string) => decodeConfig({ no_fallback_to_local: text }).noFallbackToLocal;
    for (const text of ['true', 'True', 'TRUE']) assert.equal(read(text), true, text);
    for (const text of ['false', 'False', '"false"', '"true"', '', '1', 'yes', ' true', 'true\n'])
      assert.equal(read(text), false, text);
  });
});

describe('the record of a feature', () => {
  test('a row that is not there is nobody', () => {
    assert.deepEqual(decodeStatus({}), {
      currentOwner: '',
      dockerId: '',
      containerId: '',
      containerVersion: '',
      remoteState: '',
      systemState: '',
      claimToken: '',
      claimBootId: '',
      claimMs: undefined,
      pendingToken: '',
    });
  });

  test('a claim that another owner has written over is the shipped kit’s: what is left of ours says nothing (G14)', () => {
    const left = { docker_id: 'aaaaaaaaaaaa', claim_token: 't', claim_boot_id: 'boot-0', claim_ms: '17' };
    const local = { ...left, current_owner: 'local', claim_owner: 'kube', container_id: 'snmp' };
    const kube = { ...left, current_owner: 'kube', claim_owner: 'kube', container_id: 'bbbbbbbbbbbb' };
    for (const [status, id] of [
      [local, 'snmp'],
      [kube, 'bbbbbbbbbbbb'],
    ] as const) {
      const { dockerId, claimToken, claimBootId, claimMs } = decodeStatus(status);
      assert.deepEqual([dockerId, claimToken, claimBootId, claimMs], [id, '', '', undefined]);
    }
  });

  test('every field is read under its own name', () => {
    const values = Object.fromEntries(STATUS_FIELDS.map((field) => [field, field]));
    const own = { current_owner: 'local', claim_owner: 'local', claim_ms: '17' };
    const status = decodeStatus({ ...values, ...own });
    assert.deepEqual(status, {
      currentOwner: 'local',
      dockerId: 'docker_id',
      containerId: 'container_id',
      containerVersion: 'container_version',
      remoteState: 'remote_state',
      systemState: 'system_state',
      claimToken: 'claim_token',
      claimBootId: 'claim_boot_id',
      claimMs: 17,
      pendingToken: 'pending_token',
    });
  });

  test('the id is read under each of its three names, the kit’s own first (D4, D25)', () => {
    const id = (values: Record<string, string>) =>
      decodeStatus({ current_owner: 'local', ...values }).dockerId;
    assert.equal(id({ docker_id: 'k', container_id: 's', 'container-id': 'h' }), 'k');
    assert.equal(id({ docker_id: '', container_id: 's', 'container-id': 'h' }), 's');
    assert.equal(id({ container_id: '', 'container-id': 'h' }), 'h');
    assert.equal(id({ docker_id: '' }), '');
  });

  test('owner local: the feature’s name beside the kit’s id is the kit’s own claim (D25)', () => {
    const values = { current_owner: 'local', docker_id: 'k', container_id: 'snmp', claim_token: 't' };
    const { dockerId, claimToken } = decodeStatus(values);
    assert.deepEqual([dockerId, claimToken], ['k', 't']);
  });

  test('owner kube: two ids mean that the shipped kit claimed since; the token is not its own', () => {
    const values = { current_owner: 'kube', docker_id: 'k', container_id: 's', claim_token: 't' };
    const { dockerId, claimToken } = decodeStatus(values);
    assert.deepEqual([dockerId, claimToken], ['s', '']);
  });

  test('owner kube: one id under both names, or under the kit’s only, is the kit’s claim', () => {
    for (const container_id of ['k', ''])
      assert.equal(
        decodeStatus({ current_owner: 'kube', docker_id: 'k', container_id, claim_token: 't' }).claimToken,
        't',
      );
  });
});

describe('times on the boot clock', () => {
  test('plain numbers of milliseconds', () => {
    assert.equal(decodeMs('0'), 0);
    assert.equal(decodeMs('123456789'), 123_456_789);
    assert.equal(decodeMs('999999999999999'), 999_999_999_999_999);
  });

  test('anything else is no time', () => {
    const none = [undefined, '', ' ', '-1', '+1', '1.5', '1e9', '0x10', '1 ', '1\n', 'NaN', '9'.repeat(16)];
    for (const text of none) assert.equal(decodeMs(text), undefined, text);
  });
});

test('only the two words that SONiC has for it disable a feature, not a text that ends in one', () => {
  for (const state of ['disabled', 'always_disabled']) assert.equal(isDisabled({ state }), true, state);
  for (const state of [
    '',
    'enabled',
    'always_enabled',
    '{% if x %}disabled{% endif %}',
    'Disabled',
    'x_disabled',
  ])
    assert.equal(isDisabled({ state }), false, state);
});

describe('the recorded holder', () => {
  test('is an owner with an id, whatever the id is', () => {
    const has = (currentOwner: string, dockerId: string) => hasRecordedHolder({ currentOwner, dockerId });
    assert.deepEqual([has('kube', 'aaaaaaaaaaaa'), has('local', 'unknown')], [true, true]);
    assert.deepEqual([has('none', 'aaaaaaaaaaaa'), has('', 'a'), has('kube', '')], [false, false, false]);
  });
});
