import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeConfig, decodeStatus } from '../../../../src/contract/feature/feature.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import { decideStart, isKillRefused } from '../../../../src/decide/command/decide-start.ts';

const KUBE = { set_owner: 'kube', state: 'enabled' };

const decide = (
  config: FieldValues,
  status: FieldValues = {},
  more: { readonly isMasterConnected?: boolean; readonly isKubeRunning?: boolean } = {},
) =>
  decideStart({
    config: decodeConfig(config),
    status: decodeStatus(status),
    isMasterConnected: true,
    isKubeRunning: false,
    ...more,
  }).kind;

describe('container start', () => {
  test('starts the switch’s own container, and that alone, unless the owner is kube', () => {
    for (const config of [{}, { set_owner: 'local' }, { set_owner: '' }, { set_owner: 'nobody' }])
      assert.equal(decide(config, { remote_state: 'pending' }), 'local');
  });

  test('owner kube: the switch’s own runs until Kubernetes has deployed something', () => {
    const expected = {
      '': 'kube-and-local',
      none: 'kube-and-local',
      pending: 'kube',
      ready: 'kube',
      running: 'kube',
      stopped: 'kube',
    };
    for (const [remoteState, kind] of Object.entries(expected))
      assert.equal(decide(KUBE, { remote_state: remoteState }), kind, remoteState);
  });

  test('owner kube, the master out of reach: the switch’s own runs whatever was deployed', () => {
    for (const remoteState of ['', 'none', 'pending', 'stopped'])
      assert.equal(
        decide(KUBE, { remote_state: remoteState }, { isMasterConnected: false }),
        'kube-and-local',
      );
  });

  test('without fallback the switch’s own never runs; "false" is not without fallback (D20)', () => {
    const away = { isMasterConnected: false };
    assert.equal(decide({ ...KUBE, no_fallback_to_local: 'true' }, {}, away), 'kube');
    assert.equal(decide({ ...KUBE, no_fallback_to_local: 'True' }, {}, away), 'kube');
    assert.equal(decide({ ...KUBE, no_fallback_to_local: 'false' }, {}, away), 'kube-and-local');
    assert.equal(decide({ ...KUBE, no_fallback_to_local: 'False' }, {}, away), 'kube-and-local');
  });

  test('beside a container of Kubernetes that runs nothing is started, not even without a master', () => {
    const running = { isKubeRunning: true, isMasterConnected: false };
    assert.equal(decide(KUBE, { remote_state: 'none' }, running), 'kube');
  });
});

describe('container kill', () => {
  const refused = (config: FieldValues, status: FieldValues = {}) =>
    isKillRefused(decodeConfig(config), decodeStatus(status));

  test('is refused for a local feature that is not enabled', () => {
    for (const state of ['disabled', 'always_disabled', ''])
      assert.equal(refused({ set_owner: 'local', state }), true, state);
    for (const state of ['enabled', 'always_enabled'])
      assert.equal(refused({ set_owner: 'local', state }), false, state);
  });

  test('is never refused where Kubernetes is involved', () => {
    assert.equal(refused({ set_owner: 'kube', state: 'disabled' }), false);
    assert.equal(refused({ set_owner: 'local', state: 'disabled' }, { current_owner: 'kube' }), false);
  });
});
