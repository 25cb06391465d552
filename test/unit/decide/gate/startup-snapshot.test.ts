import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { selectHolderRows, selectStartupRows } from '../../../../src/decide/gate/startup-snapshot.ts';
import { decideStartup } from '../../../../src/decide/gate/decide-startup.ts';
import { merge, NOW, readSnapshot, SELF, WANTED, WATCHED, type RawRows } from '../../../support/snapshots.ts';

const addressesOf = (asic: string) =>
  selectStartupRows('snmp', '1.2.0', asic).map(({ address: { db, table, row } }) => `${db} ${table} ${row}`);

const onAsic = (rows: RawRows) => readSnapshot(rows, SELF, '1');

describe('the rows that the gate reads', () => {
  test('single-ASIC: the configuration, the record, the heartbeat and the labels', () => {
    assert.deepEqual(addressesOf(''), [
      'config FEATURE snmp',
      'state FEATURE snmp',
      'state CONTAINER_HEALTH snmp',
      'state KUBE_LABELS SET',
    ]);
  });

  test('multi-ASIC: the host’s row of that instance and the host’s labels, too (D28)', () => {
    assert.deepEqual(addressesOf('1').slice(4), ['hostState FEATURE snmp1', 'hostState KUBE_LABELS SET']);
  });

  test('of the labels only the two that concern this feature and version', () => {
    const labels = selectStartupRows('snmp', '1.2.0', '')[3];
    assert.deepEqual(labels?.fields, ['snmp_1.2.0_enabled', 'snmp_local']);
  });

  test('what everybody may write for people is not among the fields: it would refuse every claim as changed', () => {
    const fields = new Set(selectStartupRows('snmp', '1.2.0', '1').flatMap((row) => row.fields));
    for (const field of ['update_time', 'last_update_ts', 'seq', 'status', 'up_status'])
      assert.equal(fields.has(field), false, field);
  });

  test('who renews reads the record and the heartbeat, every field of them the gate reads', () => {
    assert.deepEqual(selectHolderRows('snmp'), selectStartupRows('snmp', '1.2.0', '').slice(1, 3));
  });
});

describe('single-ASIC: what was read', () => {
  test('nothing at all is a feature nobody asked for', () => {
    const { config, status, labels, heartbeat } = readSnapshot({});
    assert.deepEqual(config, { setOwner: 'local', state: '', noFallbackToLocal: false });
    assert.deepEqual([status.currentOwner, status.remoteState, status.systemState], ['', '', '']);
    assert.deepEqual(labels, { isVersionBlocked: false, localVersion: '' });
    assert.equal(heartbeat.beatMs, undefined);
  });

  test('the host’s rows are not read', () => {
    const host: RawRows = {
      hostStatus: { system_state: 'up', remote_state: 'ready' },
      hostLabels: { 'snmp_1.2.0_enabled': 'false', snmp_local: '1.2.0' },
    };
    assert.deepEqual(readSnapshot(host), readSnapshot({}));
  });
});

describe('multi-ASIC: the host’s row counts where the ASIC’s has none (D28)', () => {
  const status = (own: RawRows['status'], host: RawRows['hostStatus']) => {
    const snapshot = onAsic({ status: own ?? {}, hostStatus: host ?? {} });
    return [snapshot.status.systemState, snapshot.status.remoteState];
  };

  test('system_state is the host’s if the ASIC’s row has none (D3, D28)', () => {
    assert.equal(status({}, { system_state: 'up' })[0], 'up');
    assert.equal(status({ system_state: '' }, { system_state: 'up' })[0], 'up');
  });

  test('system_state is the ASIC’s if it has one', () => {
    assert.equal(status({ system_state: 'down' }, { system_state: 'up' })[0], 'down');
    assert.equal(status({ system_state: 'up' }, { system_state: 'down' })[0], 'up');
  });

  test('remote_state is the host’s if the ASIC’s row has none', () => {
    assert.equal(status({}, { remote_state: 'ready' })[1], 'ready');
    assert.equal(status({ remote_state: '' }, { remote_state: 'stopped' })[1], 'stopped');
  });

  test('the host’s ready answers a pending that was written into both rows', () => {
    assert.equal(status({ remote_state: 'pending' }, { remote_state: 'ready' })[1], 'ready');
  });

  test('a pending that the host’s row has lost, or that the host gave up, is asked again (G10)', () => {
    for (const state of ['none', 'stopped', ''])
      assert.equal(
        status({ remote_state: 'pending' }, { system_state: 'up', remote_state: state })[1],
        state,
        state,
      );
    assert.equal(
      status({ remote_state: 'pending' }, { system_state: 'up', remote_state: 'pending' })[1],
      'pending',
    );
    // Without a row of the host's nobody would answer there.
    assert.equal(status({ remote_state: 'pending' }, {})[1], 'pending');
  });

  test('the host’s ready answers nothing but a pending', () => {
    for (const state of ['running', 'stopped', 'none'])
      assert.equal(status({ remote_state: state }, { remote_state: 'ready' })[1], state);
  });

  test('nothing but ready is the host’s answer to a pending', () => {
    for (const state of ['', 'none', 'pending', 'running', 'stopped'])
      assert.equal(status({ remote_state: 'pending' }, { remote_state: state })[1], 'pending');
  });

  test('who holds the feature is the ASIC’s own business', () => {
    const hostStatus = { current_owner: 'kube', container_id: 'bbbbbbbbbbbb', claim_token: 'token-b' };
    const snapshot = onAsic({ hostStatus });
    assert.deepEqual([snapshot.status.currentOwner, snapshot.status.dockerId], ['', '']);
  });

  test('a gate of an ASIC whose row is empty goes by what the shipped host side wrote (D28)', () => {
    const go = (rows: RawRows) => {
      const input = { self: SELF, progress: { kind: 'new' }, observation: WATCHED, now: NOW } as const;
      return decideStartup({ ...input, snapshot: onAsic(rows) }).verdict.kind;
    };
    const own = { remote_state: 'pending', pending_token: SELF.token };
    const host: RawRows = { config: WANTED.config ?? {}, hostStatus: { system_state: 'up' } };
    assert.equal(go(host), 'wait');
    assert.equal(go(merge(host, { status: own, hostStatus: { remote_state: 'pending' } })), 'wait');
    assert.equal(go(merge(host, { status: own, hostStatus: { remote_state: 'ready' } })), 'go');
    assert.equal(
      go(merge(host, { status: own, hostStatus: { system_state: 'down', remote_state: 'ready' } })),
      'hold',
    );
  });
});

describe('multi-ASIC: a label counts wherever it stands (D28)', () => {
  const blocked = { 'snmp_1.2.0_enabled': 'false' };

  test('a block in either database blocks, also beside a "true" in the other', () => {
    assert.equal(onAsic({ labels: blocked }).labels.isVersionBlocked, true);
    assert.equal(onAsic({ hostLabels: blocked }).labels.isVersionBlocked, true);
    const contrary: RawRows = { labels: { 'snmp_1.2.0_enabled': 'true' }, hostLabels: blocked };
    assert.equal(onAsic(contrary).labels.isVersionBlocked, true);
  });

  test('the local version is whichever is this one, else any', () => {
    const localVersion = (own: string, host: string) =>
      onAsic({ labels: { snmp_local: own }, hostLabels: { snmp_local: host } }).labels.localVersion;
    assert.equal(localVersion('1.1.0', '1.2.0'), '1.2.0');
    assert.equal(localVersion('1.2.0', '1.1.0'), '1.2.0');
    assert.equal(localVersion('', '1.1.0'), '1.1.0');
    assert.equal(localVersion('1.1.0', ''), '1.1.0');
    assert.equal(localVersion('', ''), '');
  });
});
