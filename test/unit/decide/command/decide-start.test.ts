import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeConfig, decodeStatus } from '../../../../src/contract/feature/feature.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import { canAskerBeGone, decideStart, isKillRefused } from '../../../../src/decide/command/decide-start.ts';
import { planStart } from '../../../../src/decide/command/plan-writes.ts';

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

  test('owner kube, and who asked is gone: the switch’s own runs, and Kubernetes is asked anew (HF7)', () => {
    const input = (remoteState: string, more: FieldValues = {}) => ({
      config: decodeConfig(KUBE),
      status: decodeStatus({ remote_state: remoteState, pending_token: 't', system_state: 'down', ...more }),
      isMasterConnected: true,
      isKubeRunning: false,
    });
    const decision = decideStart({ ...input('pending'), isAskerGone: true });
    assert.deepEqual(decision, {
      kind: 'kube-and-local',
      isAskedAnew: true,
      text: 'the container that asked to run it is gone',
    });
    const [write] = planStart(decision, { name: 'snmp', dockerId: 'aaaaaaaaaaaa' }, 0);
    assert.ok(write?.kind === 'set' && write.values['remote_state'] === 'none');
    assert.deepEqual(write.remove, ['pending_token']);
    assert.equal(decideStart({ ...input('stopped'), isAskerGone: true }).kind, 'kube');
    assert.equal(canAskerBeGone(input('pending'), 'snmp'), true);
    for (const remoteState of ['stopped', 'none', 'ready', 'running'])
      assert.equal(canAskerBeGone(input(remoteState), 'snmp'), false, remoteState);
    assert.equal(canAskerBeGone(input('pending', { system_state: 'up' }), 'snmp'), false, 'it is not held');
    assert.equal(
      canAskerBeGone(input('pending', { pending_token: '' }), 'snmp'),
      false,
      'of the shipped kit',
    );
    assert.equal(canAskerBeGone(input('pending'), 'lldp0'), false, 'an ASIC has its own database');
    assert.equal(canAskerBeGone({ ...input('pending'), isMasterConnected: false }, 'snmp'), false);
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
