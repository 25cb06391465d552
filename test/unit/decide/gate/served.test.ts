import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import { findServedUntil } from '../../../../src/decide/gate/served.ts';
import {
  kitsHolder,
  merge,
  NOW,
  readSnapshot,
  SELF,
  shippedHolder,
  WANTED,
  type RawRows,
} from '../../../support/snapshots.ts';

const INTERVAL_MS = 10_000;
/** The switch's own container, of the very version that the pod has, with the fields of an agent's heartbeat. */
const HOLDER = { owner: 'local', version: SELF.version, claimAgoMs: 600_000, beatAgoMs: 4_000 };
const BEAT: RawRows = { heartbeat: { owner: 'local', boot_id: NOW.bootId } };
const LOCAL = merge(WANTED, kitsHolder(HOLDER), BEAT);
const OVERDUE_MS = NOW.bootMs - HOLDER.beatAgoMs + 3 * INTERVAL_MS;

const servedUntil = (rows: RawRows, health: FieldValues = { status: 'healthy' }, afterMs = 0) =>
  findServedUntil(readSnapshot(rows), health, SELF.version, { ...NOW, bootMs: NOW.bootMs + afterMs });

const expectNot = (what: string, ...rows: readonly RawRows[]): void =>
  assert.equal(servedUntil(merge(LOCAL, ...rows)), undefined, what);

describe('a pod of the version that the switch’s own container runs', () => {
  test('is served until that one’s heartbeat is overdue, and not from then on (HF3)', () => {
    assert.equal(servedUntil(LOCAL), OVERDUE_MS);
    const leftMs = OVERDUE_MS - NOW.bootMs;
    assert.equal(servedUntil(LOCAL, { status: 'healthy' }, leftMs - 1), OVERDUE_MS);
    assert.equal(servedUntil(LOCAL, { status: 'healthy' }, leftMs), undefined);
  });

  test('is served whatever the case of the letters, as row 5 holds it', () => {
    const self = { ...SELF, version: 'RC.1' };
    const rows = merge(WANTED, kitsHolder({ ...HOLDER, version: 'rc.1' }), BEAT);
    const { bootId, bootMs } = NOW;
    const until = findServedUntil(readSnapshot(rows, self), { status: 'healthy' }, self.version, {
      bootId,
      bootMs,
    });
    assert.equal(until, OVERDUE_MS);
  });

  test('is not served by one that is anything but healthy, or does not say', () => {
    for (const status of ['', 'starting', 'degraded', 'unhealthy', 'stopping', 'Healthy', 'well'])
      assert.equal(servedUntil(LOCAL, { status }), undefined, status);
    assert.equal(servedUntil(LOCAL, {}), undefined, 'not read');
  });

  test('is not served by another version, also where only the record or only the heartbeat says the same', () => {
    expectNot('another version', kitsHolder({ ...HOLDER, version: '1.3.0' }), BEAT);
    expectNot('of the heartbeat', { heartbeat: { version: '1.1.0' } });
    expectNot('the heartbeat does not say', { heartbeat: { version: '' } });
  });

  test('is not served by what ran in another boot', () => {
    expectNot('another boot', { status: { claim_boot_id: 'boot-0' }, heartbeat: { boot_id: 'boot-0' } });
    expectNot('the heartbeat’s', { heartbeat: { boot_id: 'boot-0' } });
    expectNot('no boot', { heartbeat: { boot_id: '' } });
  });

  test('is not served by one that no heartbeat tells of: a claim, however fresh, says nothing of health', () => {
    const noBeat = merge(WANTED, kitsHolder({ ...HOLDER, claimAgoMs: 0 }));
    assert.equal(servedUntil({ ...noBeat, heartbeat: {} }), undefined, 'no heartbeat');
    expectNot('overdue', { status: { claim_ms: String(NOW.bootMs) }, heartbeat: { beat_ms: '9000000' } });
    expectNot('no time', { heartbeat: { beat_ms: '' } });
    expectNot('of the future', { heartbeat: { beat_ms: String(NOW.bootMs + 10 * INTERVAL_MS) } });
    expectNot('of another claim', { heartbeat: { token: 'token-c' } });
    expectNot('of no claim', { status: { claim_token: '' }, heartbeat: { token: '' } });
  });

  test('is not served by a container of Kubernetes, one of the shipped kit, or none', () => {
    expectNot('kube', kitsHolder({ ...HOLDER, owner: 'kube' }), { heartbeat: { owner: 'kube' } });
    expectNot('kube by its heartbeat', { heartbeat: { owner: 'kube' } });
    expectNot('released', { status: { current_owner: 'none', docker_id: '', container_id: '' } });
    const shipped = merge(WANTED, shippedHolder({ owner: 'local', id: 'snmp', version: SELF.version }));
    assert.equal(servedUntil(shipped), undefined);
    assert.equal(servedUntil(WANTED), undefined);
  });
});
