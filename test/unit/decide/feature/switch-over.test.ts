import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeConfig, decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeObservedBeat } from '../../../../src/contract/health/observed-beat.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import {
  decideEnabledLabel,
  decideSwitchOver,
  type SwitchOverDecision,
  type SwitchEdge,
  type SwitchOverInput,
} from '../../../../src/decide/feature/switch-over.ts';
import { NOW } from '../../../support/snapshots.ts';

interface Rows {
  readonly config?: FieldValues;
  readonly status?: FieldValues;
}

const inputOf = ({ config, status }: Rows, rest: Partial<SwitchOverInput> = {}): SwitchOverInput => ({
  feature: 'snmp',
  config: decodeConfig({ set_owner: 'kube', state: 'enabled', ...config }),
  status: decodeStatus({ system_state: 'up', ...status }),
  beat: decodeObservedBeat({}),
  now: NOW,
  container: { imageId: 'sha256:x', isRunning: true },
  isEngineAway: false,
  isMasterConnected: true,
  isRebooting: false,
  unit: undefined,
  isAskerBlocked: false,
  lastObserved: undefined,
  lockText: undefined,
  ...rest,
});
const decide = (rows: Rows, rest?: Partial<SwitchOverInput>): SwitchOverDecision =>
  decideSwitchOver(inputOf(rows, rest));
const edgeOf = (decision: SwitchOverDecision): string => (decision.kind === 'none' ? 'none' : decision.edge);

const kube = {
  current_owner: 'kube',
  docker_id: 'aaaaaaaaaaaa',
  container_id: 'aaaaaaaaaaaa',
  claim_token: 't',
};
const local = { current_owner: 'local', container_id: 'snmp' };
const nobody = { current_owner: 'none' };
const toLocal = { set_owner: 'local' };

/** Every edge, as it is taken. */
const TAKEN: readonly [SwitchEdge, Rows, Partial<SwitchOverInput>][] = [
  ['kube-to-local', { config: toLocal, status: { ...kube, remote_state: 'running' } }, {}],
  ['local-to-kube', { status: { ...local, remote_state: 'pending' } }, {}],
  ['kube-to-kube', { status: { ...kube, remote_state: 'pending' } }, {}],
  [
    'start-kube',
    { status: { ...nobody, system_state: 'down', remote_state: 'stopped' } },
    { unit: 'restarting' },
  ],
  ['failed-unit', { status: { ...nobody, system_state: 'down' } }, { unit: 'failed' }],
  [
    'back-to-local',
    { status: { ...nobody, remote_state: 'none' } },
    { lastObserved: { setOwner: 'kube', remoteState: 'stopped' } },
  ],
];

describe('a restart so that the other owner takes over', () => {
  for (const [edge, rows, rest] of TAKEN) {
    test(`${edge} is taken, with a key that names the occasion`, () => {
      const decision = decide(rows, rest);
      assert.equal(edgeOf(decision), edge);
      assert.ok(decision.kind === 'restart' && decision.key.startsWith(`${edge}/`));
    });

    test(`${edge} is not taken for a feature that is disabled or locked, in a reboot, or without an engine`, () => {
      for (const state of ['disabled', 'always_disabled'])
        assert.equal(edgeOf(decide({ ...rows, config: { ...rows.config, state } }, rest)), 'none');
      assert.equal(edgeOf(decide(rows, { ...rest, isRebooting: true })), 'none');
      assert.equal(edgeOf(decide(rows, { ...rest, isEngineAway: true })), 'none');
      assert.equal(edgeOf(decide(rows, { ...rest, feature: 'database' })), 'none');
      const locked = decideSwitchOver(inputOf(rows, { ...rest, lockText: 'locked by ann' }));
      assert.equal(locked.kind, 'none');
      assert.match(locked.text, /, but locked by ann$/);
    });

    test(`${edge} is not taken for a service that an operator stopped`, () => {
      const status = { ...rows.status, system_state: 'down' };
      for (const unit of ['inactive', undefined] as const)
        assert.equal(edgeOf(decide({ ...rows, status }, { ...rest, unit })), 'none', unit);
    });
  }

  test('the key changes with holder, token and remote_state, and with nothing else', () => {
    const keyOf = (status: FieldValues, rest?: Partial<SwitchOverInput>): string => {
      const decision = decide({ status: { ...kube, remote_state: 'pending', ...status } }, rest);
      return decision.kind === 'restart' ? decision.key : '';
    };
    const key = keyOf({});
    assert.equal(key, 'kube-to-kube/kube/aaaaaaaaaaaa/t/pending');
    assert.equal(keyOf({ update_time: 'later' }, { now: { ...NOW, bootMs: 1 } }), key);
    assert.notEqual(keyOf({ claim_token: 'u' }), key);
    assert.notEqual(keyOf({ docker_id: 'bbbbbbbbbbbb', container_id: 'bbbbbbbbbbbb' }), key);
  });

  test('a container of a version that was fallen back from does not take over: its gate asked too early', () => {
    for (const who of [local, kube])
      assert.equal(
        edgeOf(decide({ status: { ...who, remote_state: 'pending' } }, { isAskerBlocked: true })),
        'none',
      );
  });

  test('nothing is done where nothing is to be done', () => {
    for (const remote_state of ['', 'none', 'running', 'ready', 'stopped'])
      for (const owner of [kube, local, nobody])
        assert.equal(edgeOf(decide({ status: { ...owner, remote_state } })), 'none');
    assert.equal(edgeOf(decide({ config: toLocal, status: local })), 'none');
    for (const edge of TAKEN) assert.equal(edgeOf(decide({ ...edge[1], status: {} })), 'none');
  });

  test('owner none is no reason to restart: every stop leaves it (config reload in circles)', () => {
    for (const remote_state of ['', 'none', 'running', 'stopped'])
      assert.equal(edgeOf(decide({ config: toLocal, status: { ...nobody, remote_state } })), 'none');
    assert.equal(edgeOf(decide({ status: { ...nobody, remote_state: 'pending' } })), 'none');
    const status = { ...kube, remote_state: 'running' };
    const reloading = { config: { set_owner: undefined, state: undefined }, status };
    assert.equal(edgeOf(decide(reloading)), 'none');
  });

  test('a service that waits for Kubernetes is restarted when set_owner becomes local', () => {
    for (const remote_state of ['pending', 'ready'])
      assert.equal(edgeOf(decide({ config: toLocal, status: { ...nobody, remote_state } })), 'kube-to-local');
    const lastObserved = { setOwner: 'kube', remoteState: 'none' };
    const rows = { config: toLocal, status: { ...nobody, remote_state: 'none' } };
    assert.equal(edgeOf(decide(rows, { lastObserved })), 'kube-to-local');
    assert.equal(edgeOf(decide(rows, { lastObserved: { ...lastObserved, setOwner: 'local' } })), 'none');
  });

  test('local stays while the master is out of reach, because a start would choose it again', () => {
    const rows = { status: { ...local, remote_state: 'pending' } };
    for (const isMasterConnected of [false, undefined]) {
      assert.equal(edgeOf(decide(rows, { isMasterConnected })), 'none');
      const config = { no_fallback_to_local: 'true' };
      assert.equal(edgeOf(decide({ ...rows, config }, { isMasterConnected })), 'local-to-kube');
    }
  });

  test('who has ended needs no restart to be replaced; who is silent, but runs, does', () => {
    for (const owner of [kube, local]) {
      const rows = { status: { ...owner, remote_state: 'pending' } };
      const container = { imageId: 'sha256:x', isRunning: false };
      assert.equal(edgeOf(decide(rows, { container })), 'none');
    }
    const silent = { status: { ...kube, claim_ms: '0', remote_state: 'pending' } };
    assert.equal(edgeOf(decide(silent)), 'kube-to-kube');
    assert.equal(edgeOf(decide(silent, { container: undefined })), 'none');
  });

  test('giving up on Kubernetes restarts once, and only if local may run', () => {
    const stopped = { setOwner: 'kube', remoteState: 'stopped' };
    const status = { ...nobody, remote_state: 'none' };
    const at = (rows: Rows, lastObserved: SwitchOverInput['lastObserved'] = stopped) =>
      edgeOf(decide({ status, ...rows }, { lastObserved }));
    assert.equal(at({ config: { no_fallback_to_local: 'true' } }), 'none');
    assert.equal(at({ status: { ...local, remote_state: 'none' } }), 'none');
    assert.equal(at({}, { setOwner: 'kube', remoteState: 'none' }), 'none');
    assert.equal(at({}, { setOwner: 'kube', remoteState: 'running' }), 'none');
  });
});

describe('the label that lets Kubernetes deploy', () => {
  test('follows set_owner while the service is started, and is left alone otherwise', () => {
    const label = (rows: Rows, lockText?: string) => {
      const { status, ...input } = inputOf(rows);
      return decideEnabledLabel({ ...input, systemState: status.systemState, lockText });
    };
    assert.equal(label({}), 'true');
    assert.equal(label({ config: toLocal }), 'false');
    assert.equal(label({ status: { system_state: 'down' } }), undefined);
    assert.equal(label({ config: { state: 'disabled' } }), undefined);
    assert.equal(label({}, 'locked'), undefined);
  });
});

describe('a unit that systemd has given up on', () => {
  const down = { ...nobody, system_state: 'down' };
  const at = (config: FieldValues, unit: SwitchOverInput['unit'], status: FieldValues = down) =>
    edgeOf(decide({ config, status }, { unit }));

  test('is brought back for either owner, whatever asks or has ended (H5)', () => {
    for (const remote_state of ['', 'none', 'pending', 'ready', 'stopped', 'running'])
      for (const set_owner of ['kube', 'local'])
        assert.equal(at({ set_owner }, 'failed', { ...down, remote_state }), 'failed-unit', remote_state);
    assert.equal(at({ set_owner: 'local', state: 'always_enabled' }, 'failed'), 'failed-unit');
  });

  test('is left alone where it is not to run, runs, or was stopped by somebody (H5)', () => {
    for (const state of ['disabled', 'always_disabled', '', '{% template %}'])
      assert.equal(at({ set_owner: 'local', state }, 'failed'), 'none', state);
    assert.equal(at({ state: 'disabled' }, 'failed'), 'none');
    for (const unit of ['inactive', 'active', undefined] as const)
      for (const set_owner of ['kube', 'local']) assert.equal(at({ set_owner }, unit), 'none');
    assert.equal(at({ set_owner: 'local' }, 'failed', { ...nobody, system_state: 'up' }), 'none');
  });
});
