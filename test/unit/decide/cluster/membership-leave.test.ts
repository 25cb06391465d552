import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { featureConfigRow, featureStatusRow } from '../../../../src/contract/rows.ts';
import { masterStatusRow } from '../../../../src/contract/cluster/master-status.ts';
import { decodeHostSnapshot } from '../../../../src/decide/command/host-snapshot.ts';
import {
  decideLeaveAction,
  decideUnitLeaveAction,
  isRunLocally,
  planLeave,
} from '../../../../src/decide/cluster/membership-leave.ts';
import { decideStart } from '../../../../src/decide/command/decide-start.ts';
import { decodeObservedBeat } from '../../../../src/contract/health/observed-beat.ts';
import { decideSwitchOver } from '../../../../src/decide/feature/switch-over.ts';
import { RUN_BY_KUBE, RUN_LOCALLY } from '../../../support/status-rows.ts';

type Values = Readonly<Record<string, string>>;

const snapshotOf = (config: Values, status: Values, master: Values = {}) =>
  decodeHostSnapshot([
    { address: featureStatusRow('snmp'), values: status },
    { address: { db: 'state', table: 'CONTAINER_HEALTH', row: 'snmp' }, values: {} },
    { address: masterStatusRow, values: master },
    { address: featureConfigRow('snmp'), values: config },
  ]);
const decideAction = (config: Values, status: Values, feature = 'snmp'): string =>
  decideLeaveAction(feature, snapshotOf(config, status)).kind;

const KUBE = { set_owner: 'kube', state: 'enabled' };
const LOCAL = { set_owner: 'local', state: 'enabled' };

describe('when the switch leaves its master, a feature', () => {
  test('that Kubernetes runs falls back, whatever its service is said to be', () => {
    assert.equal(decideAction(KUBE, RUN_BY_KUBE), 'fall-back');
    assert.equal(decideAction(KUBE, { ...RUN_BY_KUBE, system_state: 'down' }), 'fall-back');
    assert.equal(decideAction(KUBE, { system_state: 'up', current_owner: 'kube' }), 'fall-back', '(D4)');
  });

  test('that waits for Kubernetes falls back', () => {
    for (const remote_state of ['', 'none', 'pending', 'ready', 'stopped'])
      assert.equal(
        decideAction(KUBE, { system_state: 'up', current_owner: 'none', remote_state }),
        'fall-back',
      );
  });

  test('that runs locally is left alone, whoever is to run it', () => {
    assert.equal(decideAction(KUBE, RUN_LOCALLY), 'stays');
    assert.equal(decideAction(LOCAL, RUN_LOCALLY), 'stays');
    assert.equal(decideAction(LOCAL, { system_state: 'up' }), 'stays');
  });

  test('that Kubernetes runs though it is to be local falls back too', () => {
    assert.equal(decideAction(LOCAL, RUN_BY_KUBE), 'fall-back');
    assert.equal(decideAction({ ...LOCAL, no_fallback_to_local: 'true' }, RUN_BY_KUBE), 'fall-back');
  });

  test('with no_fallback_to_local goes down, and "false" is not a yes (D20)', () => {
    const config = { ...KUBE, no_fallback_to_local: 'True' };
    assert.equal(decideAction(config, RUN_BY_KUBE), 'goes-down');
    assert.equal(decideAction(config, { system_state: 'up' }), 'goes-down');
    assert.equal(decideAction(config, { system_state: 'down' }), 'stays');
    assert.equal(decideAction({ ...KUBE, no_fallback_to_local: 'false' }, RUN_BY_KUBE), 'fall-back');
  });

  test('that is disabled is not started for it, nor the database restarted', () => {
    assert.equal(decideAction({ ...KUBE, state: 'disabled' }, RUN_BY_KUBE), 'stays');
    assert.equal(decideAction({ ...KUBE, state: 'always_disabled' }, RUN_BY_KUBE), 'stays');
    assert.equal(decideAction(KUBE, RUN_BY_KUBE, 'database'), 'stays');
  });

  test('that is down, and nobody runs, falls back only where its unit is on: an operator may have stopped it', () => {
    assert.equal(decideAction(KUBE, { system_state: 'down', remote_state: 'none' }), 'ask-unit');
    for (const unit of ['active', 'restarting', 'failed'] as const)
      assert.equal(decideUnitLeaveAction(unit).kind, 'fall-back', unit);
    for (const unit of ['inactive', undefined] as const)
      assert.equal(decideUnitLeaveAction(unit).kind, 'stays', unit);
  });
});

test('only a recorded container is one that runs locally', () => {
  assert.ok(isRunLocally(snapshotOf(KUBE, RUN_LOCALLY).status));
  assert.ok(!isRunLocally(snapshotOf(KUBE, { ...RUN_LOCALLY, docker_id: '', container_id: '' }).status));
  assert.ok(!isRunLocally(snapshotOf(KUBE, RUN_BY_KUBE).status));
});

describe('after the leave has written, and the service restarts', () => {
  const values = (table: string): Values =>
    Object.assign(
      {},
      ...planLeave('snmp', 0).map((write) =>
        write.kind === 'set' && write.address.table === table ? write.values : {},
      ),
    ) as Values;
  const after = { ...RUN_BY_KUBE, ...values('FEATURE') };
  const snapshot = snapshotOf(KUBE, after, { connected: 'true', ...values('KUBERNETES_MASTER') });

  test('no gate passes, and nobody’s request to run stands', () => {
    assert.equal(snapshot.status.systemState, 'down');
    assert.equal(snapshot.status.remoteState, 'none');
    const write = planLeave('snmp', 0).find(({ address }) => address.table === 'FEATURE');
    assert.deepEqual(write?.kind === 'set' && write.remove, ['pending_token']);
  });

  test('container start starts the local image', () => {
    assert.equal(snapshot.isMasterConnected, false);
    assert.equal(decideStart({ ...snapshot, isKubeRunning: false }).kind, 'kube-and-local');
  });

  test('a pod that kubelet starts again asks in vain: local stays', () => {
    const local = { ...RUN_LOCALLY, remote_state: 'pending', claim_token: 't', claim_boot_id: 'boot-1' };
    const { config, status } = snapshotOf(KUBE, local);
    const decision = decideSwitchOver({
      feature: 'snmp',
      config,
      status,
      beat: decodeObservedBeat({}),
      isMasterConnected: false,
      isRebooting: false,
      isEngineAway: false,
      container: { imageId: 'sha256:x', isRunning: true },
      unit: undefined,
      isAskerBlocked: false,
      lastObserved: { setOwner: 'kube', remoteState: 'none' },
      lockText: undefined,
      now: { bootId: 'boot-1', bootMs: 1 },
    });
    assert.equal(decision.kind, 'none');
    assert.match(decision.text, /the local container stays/);
  });
});
