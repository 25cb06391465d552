import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeHeartbeat } from '../../../../src/contract/health/heartbeat.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import {
  decideReap,
  RECORD_FIELDS,
  selectHolderName,
  type ReapDecision,
  type ReapInput,
} from '../../../../src/decide/feature/reap.ts';
import { kitsHolder, NOW, shippedHolder, type RawRows } from '../../../support/snapshots.ts';

const OLD = { claimAgoMs: 600_000 };
const KUBE = kitsHolder({ ...OLD, beatAgoMs: 1_000 });
const SILENT = kitsHolder({ ...OLD, beatAgoMs: 40_000 });
const LOCAL = kitsHolder({ ...OLD, owner: 'local', beatAgoMs: 1_000 });
const SHIPPED_LOCAL = shippedHolder({ owner: 'local', id: 'snmp', version: '1.0.0' });
const SHIPPED_KUBE = shippedHolder({ owner: 'kube', id: 'cccccccccccc', version: '1.0.0' });

/** Of a record that has stood for long, unless said otherwise. */
const decide = (rows: RawRows, by: Partial<ReapInput> = {}): ReapDecision =>
  decideReap({
    feature: 'snmp',
    statusValues: rows.status ?? {},
    beat: decodeHeartbeat(rows.heartbeat ?? {}),
    now: NOW,
    engineState: 'exited',
    sameSinceMs: NOW.bootMs - 600_000,
    endedAtMs: undefined,
    ...by,
  });
const withStatus = (rows: RawRows, status: FieldValues): RawRows => ({
  ...rows,
  status: { ...rows.status, ...status },
});

describe('the record of a container that is gone (D10)', () => {
  test('is released, whoever wrote it, also while its last heartbeat is still fresh', () => {
    for (const rows of [KUBE, LOCAL, SILENT, SHIPPED_LOCAL, SHIPPED_KUBE])
      for (const engineState of ['exited', 'dead', 'removing', 'created'] as const)
        assert.equal(decide(rows, { engineState }).kind, 'release');
    assert.equal(decide(SILENT, { engineState: 'missing' }).kind, 'release');
  });

  test('is guarded by every field that tells it from the next one, as read', () => {
    const decision = decide(withStatus(KUBE, { update_time: '2026-01-01 00:00:00' }));
    assert.equal(decision.kind, 'release');
    assert.deepEqual(decision.record.address, { db: 'state', table: 'FEATURE', row: 'snmp' });
    assert.deepEqual(decision.record.values, {
      current_owner: 'kube',
      docker_id: 'bbbbbbbbbbbb',
      container_id: 'bbbbbbbbbbbb',
      'container-id': undefined,
      claim_token: 'token-b',
      claim_ms: String(NOW.bootMs - 600_000),
      update_time: '2026-01-01 00:00:00',
    });
    assert.deepEqual(decision.claim, {
      feature: 'snmp',
      owner: 'kube',
      version: '1.0.0',
      dockerId: 'bbbbbbbbbbbb',
      token: 'token-b',
    });
  });

  test('of a holder without a token is fenced by owner, ids and time', () => {
    const decision = decide(SHIPPED_LOCAL);
    assert.equal(decision.kind, 'release');
    assert.equal(decision.claim.token, '');
    for (const field of ['current_owner', 'docker_id', 'container_id', 'update_time'])
      assert.ok(field in decision.record.values && RECORD_FIELDS.some((name) => name === field), field);
  });

  test('stays while the container runs, while nobody is recorded, and while the engine is away', () => {
    for (const engineState of ['running', 'paused', 'restarting', undefined] as const)
      for (const rows of [KUBE, SILENT, LOCAL, SHIPPED_KUBE])
        assert.equal(decide(rows, { engineState }).kind, 'keep', engineState);
    for (const status of [{}, { current_owner: 'none' }, { current_owner: 'kube', docker_id: '' }])
      assert.equal(decide({ status }).kind, 'keep');
  });

  test('stays for a while after it was written: the host writes the owner before it starts the container', () => {
    for (const [rows, graceMs] of [
      [SHIPPED_LOCAL, 70_000],
      [LOCAL, 10_000],
    ] as const)
      for (const engineState of ['created', 'exited'] as const) {
        const young = decide(rows, { engineState, sameSinceMs: NOW.bootMs - graceMs + 1 });
        assert.deepEqual([young.kind, young.kind === 'keep' && young.requeueAtMs], ['keep', NOW.bootMs + 1]);
        assert.equal(decide(rows, { engineState, sameSinceMs: NOW.bootMs - graceMs }).kind, 'release');
      }
  });

  test('of the shipped kit stays when this engine does not know the container: containerd may run it', () => {
    assert.equal(decide(SHIPPED_KUBE, { engineState: 'missing' }).kind, 'keep');
    const seen = {
      engineState: 'missing',
      sameSinceMs: NOW.bootMs - 5_000,
      endedAtMs: NOW.bootMs - 500,
    } as const;
    assert.equal(decide(SHIPPED_KUBE, seen).kind, 'release', 'this engine has reported its end');
  });

  test('goes at once when this daemon has seen the container end under it', () => {
    const by = (endedAtMs: number) => decide(KUBE, { sameSinceMs: NOW.bootMs - 5_000, endedAtMs });
    assert.equal(by(NOW.bootMs - 1_000).kind, 'release');
    assert.equal(by(NOW.bootMs - 5_001).kind, 'keep', 'it ended before this record');
    const missing = decide(KUBE, { engineState: 'missing', endedAtMs: NOW.bootMs - 500 });
    assert.equal(missing.kind, 'release');
  });

  test('stays while a heartbeat speaks for a container that this engine does not know, or whose id is unknown', () => {
    const missing = decide(KUBE, { engineState: 'missing' });
    assert.equal(missing.kind === 'keep' && missing.requeueAtMs, NOW.bootMs - 1_000 + 30_000);
    const unknown = { docker_id: 'unknown', container_id: 'unknown' };
    assert.equal(decide(withStatus(KUBE, unknown), { engineState: 'missing' }).kind, 'keep');
    assert.equal(decide(withStatus(SILENT, unknown), { engineState: 'missing' }).kind, 'release');
  });

  test("stays where a shipped kit's pod calls itself local: the engine has none of the feature's name (D25)", () => {
    assert.equal(decide(SHIPPED_LOCAL, { engineState: 'missing' }).kind, 'keep');
    assert.equal(
      decide(SHIPPED_LOCAL, { engineState: 'missing', endedAtMs: NOW.bootMs - 500 }).kind,
      'release',
    );
    const unknown = withStatus(SHIPPED_KUBE, { container_id: 'unknown' });
    assert.equal(decide(unknown, { engineState: 'missing' }).kind, 'keep');
  });

  test('of another boot is released if its container is not there', () => {
    const rows = kitsHolder({ claimAgoMs: 1_000, beatAgoMs: 1_000, bootId: 'boot-0' });
    assert.equal(decide(rows, { engineState: 'missing' }).kind, 'release');
  });
});

describe('what the engine is asked for', () => {
  const nameOf = (rows: RawRows) => selectHolderName('snmp', decodeStatus(rows.status ?? {}));

  test('is the id where there is one, else the name of a local container', () => {
    assert.equal(nameOf(KUBE), 'bbbbbbbbbbbb');
    assert.equal(nameOf(LOCAL), 'bbbbbbbbbbbb');
    assert.equal(nameOf(SHIPPED_LOCAL), 'snmp');
    assert.equal(nameOf(SHIPPED_KUBE), 'cccccccccccc');
    assert.equal(nameOf(withStatus(LOCAL, { docker_id: 'unknown' })), 'snmp');
    assert.equal(nameOf(withStatus(KUBE, { docker_id: 'unknown', container_id: 'unknown' })), undefined);
    assert.equal(nameOf({}), undefined);
    assert.equal(nameOf({ status: { current_owner: 'none', docker_id: 'bbbbbbbbbbbb' } }), undefined);
  });
});
