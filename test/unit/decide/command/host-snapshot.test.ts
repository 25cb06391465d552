import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import type { FieldValues, RowFields } from '../../../../src/contract/rows.ts';
import {
  listConfigRowNames,
  listRecordedContainers,
  decodeHostSnapshot,
  selectHostRows,
} from '../../../../src/decide/command/host-snapshot.ts';

/** Rows by `table|row`, read as the commands read them. */
const readRows = (name: string, stored: Readonly<Record<string, FieldValues>>) =>
  decodeHostSnapshot(
    selectHostRows(name).map(({ address, fields }: RowFields) => {
      const found = stored[`${address.db} ${address.table}|${address.row}`] ?? {};
      return { address, values: Object.fromEntries(fields.map((field) => [field, found[field]])) };
    }),
  );

describe('the rows that the host’s commands read', () => {
  test('instance N is configured by its own row, else by the row without the number (D28)', () => {
    assert.deepEqual(listConfigRowNames('lldp0'), ['lldp0', 'lldp']);
    assert.deepEqual(listConfigRowNames('bgp12'), ['bgp12', 'bgp']);
    assert.deepEqual(listConfigRowNames('snmp'), ['snmp']);
    assert.deepEqual(listConfigRowNames('42'), ['42']);
  });

  test('set_owner of lldp0 is that of FEATURE|lldp, its status its own (D28)', () => {
    const found = readRows('lldp0', {
      'config FEATURE|lldp': { set_owner: 'kube', state: 'enabled' },
      'state FEATURE|lldp': { system_state: 'down' },
      'state FEATURE|lldp0': { system_state: 'up' },
    });
    assert.equal(found.config.setOwner, 'kube');
    assert.equal(found.status.systemState, 'up');
  });

  test('a feature whose own name ends in a digit keeps its own configuration (D28)', () => {
    const found = readRows('p4', {
      'config FEATURE|p4': { set_owner: 'local' },
      'config FEATURE|p': { set_owner: 'kube' },
    });
    assert.equal(found.config.setOwner, 'local');
  });

  test('no_fallback_to_local "false" and "False" leave fallback on, "True" turns it off (D20)', () => {
    for (const [text, isOff] of [
      ['false', false],
      ['False', false],
      ['', false],
      ['true', true],
      ['True', true],
    ] as const) {
      const found = readRows('snmp', { 'config FEATURE|snmp': { no_fallback_to_local: text } });
      assert.equal(found.config.noFallbackToLocal, isOff, text);
    }
  });

  test('the master counts as connected only where a row says so', () => {
    const connected = (values: FieldValues) =>
      readRows('snmp', { 'state KUBERNETES_MASTER|SERVER': values }).isMasterConnected;
    assert.equal(connected({ connected: 'true' }), true);
    assert.equal(connected({ connected: 'True' }), true);
    assert.equal(connected({ connected: 'false' }), false);
    assert.equal(connected({}), false);
  });

  test('a feature that no database has heard of is not known', () => {
    assert.equal(readRows('snmp', {}).isKnown, false);
    assert.equal(readRows('snmp', { 'config FEATURE|snmp': { state: 'enabled' } }).isKnown, true);
    assert.equal(readRows('snmp', { 'state FEATURE|snmp': { system_state: 'up' } }).isKnown, true);
  });

  test('a heartbeat is no part of the guard: it may come at any time', () => {
    const { guards } = readRows('snmp', {});
    assert.deepEqual(
      guards.map(({ address }) => address.table),
      ['FEATURE', 'FEATURE'],
    );
  });
});

describe('the container that a record speaks of', () => {
  const ids = (values: FieldValues) => listRecordedContainers('snmp', decodeStatus(values));

  test('is for owner kube its own id, for owner local first the name', () => {
    assert.deepEqual(ids({ current_owner: 'kube', docker_id: 'aaaaaaaaaaaa' }), ['aaaaaaaaaaaa']);
    assert.deepEqual(ids({ current_owner: 'local', docker_id: 'aaaaaaaaaaaa', container_id: 'snmp' }), [
      'snmp',
      'aaaaaaaaaaaa',
    ]);
  });

  test('is found by its own id where a pod calls itself local (D25)', () => {
    assert.ok(
      ids({ current_owner: 'local', docker_id: 'aaaaaaaaaaaa', container_id: 'snmp' }).includes(
        'aaaaaaaaaaaa',
      ),
    );
  });

  test('is the one of the feature’s name where nobody is on record', () => {
    assert.deepEqual(ids({ current_owner: 'none', docker_id: '' }), ['snmp']);
    assert.deepEqual(ids({}), ['snmp']);
  });

  test('is never asked for by an id that is none', () => {
    assert.deepEqual(ids({ current_owner: 'kube', docker_id: 'unknown' }), []);
    assert.deepEqual(ids({ current_owner: 'kube', docker_id: '../../x' }), []);
  });
});
