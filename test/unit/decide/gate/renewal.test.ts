import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeHeartbeat } from '../../../../src/contract/health/heartbeat.ts';
import { decideRenewal } from '../../../../src/decide/gate/renewal.ts';
import {
  kitsHolder,
  merge,
  NOW,
  SELF,
  shippedHolder,
  WATCHED,
  type RawRows,
} from '../../../support/snapshots.ts';

/** The own claim is older than what is on record. */
const CLAIM = { ...SELF, startedMs: NOW.bootMs - 100_000 };

const makeInput = (rows: RawRows, afterMs: number) => ({
  status: decodeStatus(rows.status ?? {}),
  heartbeat: decodeHeartbeat(rows.heartbeat ?? {}),
  now: { bootId: NOW.bootId, bootMs: NOW.bootMs + afterMs },
});

const decide = (rows: RawRows, afterMs = 0, self = CLAIM, observation = WATCHED) =>
  decideRenewal({ ...makeInput(rows, afterMs), self, observation, wasFrozen: false });

describe('an agent whose heartbeat was refused', () => {
  test('claims again when the record bears its token, but the host side has cleared owner and id', () => {
    const cleared = { current_owner: 'none', container_id: '', remote_state: 'stopped' };
    const rows = merge(kitsHolder({ token: SELF.token, claimAgoMs: 0, beatAgoMs: 0 }), { status: cleared });
    assert.equal(decide(rows).kind, 'claim-again');
  });

  test('is superseded by a local container of the shipped kit, which left its token and docker_id standing', () => {
    const rows = merge(
      kitsHolder({ token: SELF.token, dockerId: SELF.dockerId, claimAgoMs: 0, beatAgoMs: 0 }),
      {
        status: { current_owner: 'local', container_id: 'snmp' },
        heartbeat: { owner: 'kube' },
      },
    );
    assert.equal(decide(rows).kind, 'superseded');
  });

  test('claims again when the database came back empty', () => {
    assert.deepEqual(decide({}), { kind: 'claim-again' });
  });

  test('claims again when the record was cleared while its application runs', () => {
    const cleared = { status: { current_owner: 'none', docker_id: '', container_id: '', claim_token: '' } };
    assert.deepEqual(decide(cleared), { kind: 'claim-again' });
  });

  test('claims again when the record is of its own container, of an earlier start', () => {
    const earlier = kitsHolder({ dockerId: SELF.dockerId, token: 'token-before', claimAgoMs: 0 });
    assert.deepEqual(decide(earlier), { kind: 'claim-again' });
  });

  test('is superseded by another live container, and tells whose record it is', () => {
    assert.deepEqual(decide(kitsHolder({ claimAgoMs: 0, owner: 'local', version: '1.1.0' })), {
      kind: 'superseded',
      text: 'superseded: container bbbbbbbbbbbb, owner local, version 1.1.0, holds the feature',
      isReplaced: true,
    });
  });

  test('is superseded by a container of the shipped kit', () => {
    const shipped = shippedHolder({ owner: 'local', id: 'snmp', version: '1.0.0' });
    assert.equal(decide(shipped).kind, 'superseded');
  });

  test('is superseded by a container of the shipped kit that wrote over its own claim', () => {
    const own = kitsHolder({ dockerId: SELF.dockerId, token: SELF.token, claimAgoMs: 0 });
    assert.equal(decide(merge(own, { status: { container_id: 'bbbbbbbbbbbb' } })).kind, 'superseded');
  });

  test('claims again when the other container is overdue, exactly from then on (D10)', () => {
    const other = kitsHolder({ claimAgoMs: 0 });
    assert.equal(decide(other, 29_999).kind, 'superseded');
    assert.equal(decide(other, 30_000).kind, 'claim-again');
  });

  test('waits, and is not superseded, beside a holder that is overdue, but was not watched for long enough', () => {
    const other = kitsHolder({ claimAgoMs: 0 });
    const fresh = { ...WATCHED, goodSinceMs: NOW.bootMs + 25_000 };
    assert.equal(decide(other, 29_999, CLAIM, fresh).kind, 'superseded');
    assert.deepEqual(decide(other, 30_000, CLAIM, fresh), { kind: 'wait' });
    assert.deepEqual(decide(other, 34_999, CLAIM, fresh), { kind: 'wait' });
    assert.equal(decide(other, 35_000, CLAIM, fresh).kind, 'claim-again');
  });

  describe('when the record is older than its own claim, because the database came back with old data (G2)', () => {
    const claim = { ...SELF, startedMs: NOW.bootMs };
    const fresh = { ...WATCHED, goodSinceMs: NOW.bootMs + 50_000, hadOutage: true };

    test('claims again beside a holder that no gate can tell from a live one before a lease is over', () => {
      const before = kitsHolder({ claimAgoMs: 60_000, beatAgoMs: 20_000 });
      assert.equal(decide(before, 50_000, claim, fresh).kind, 'claim-again');
    });

    test('claims again beside one that was released a moment before its own claim', () => {
      assert.equal(decide(kitsHolder({ claimAgoMs: 60_000, beatAgoMs: 10 }), 10, claim).kind, 'claim-again');
    });

    test('does not where that one has lived on', () => {
      const later = kitsHolder({ claimAgoMs: 60_000, beatAgoMs: 0 });
      assert.equal(decide(later, 10, claim).kind, 'superseded');
      assert.equal(decide(later, 50_000, claim, fresh).kind, 'wait');
    });

    test('is superseded by a local one while that may be live: it may have begun to claim before', () => {
      const local = kitsHolder({ owner: 'local', claimAgoMs: 10 });
      assert.equal(decide(local, 0, claim).kind, 'superseded');
      assert.equal(decide(local, 50_000, claim, fresh).kind, 'claim-again');
    });

    test('is superseded by one of the shipped kit, which gives no sign of life', () => {
      const shipped = shippedHolder({ owner: 'kube', id: 'bbbbbbbbbbbb', version: '1.0.0' });
      assert.equal(decide(shipped, 0, claim).kind, 'superseded');
    });
  });

  test('that was frozen for a lease claims again only where certainly nobody else is on record (G2)', () => {
    const of = (rows: RawRows, afterMs: number, goodSinceMs: number) =>
      decideRenewal({
        ...makeInput(rows, afterMs),
        self: CLAIM,
        observation: { ...WATCHED, goodSinceMs },
        wasFrozen: true,
      }).kind;
    assert.equal(of({}, 11_499, NOW.bootMs), 'wait');
    assert.equal(of({}, 11_500, NOW.bootMs), 'claim-again');
    assert.equal(of({ status: { current_owner: 'none' } }, 0, NOW.bootMs), 'claim-again');
    assert.equal(decide({}, 0, CLAIM, { ...WATCHED, goodSinceMs: NOW.bootMs }).kind, 'claim-again');
    const other = kitsHolder({ claimAgoMs: 0 });
    assert.equal(of(other, 30_000, -Infinity), 'claim-again');
  });

  test('another container whose id is unknown, too, is another container', () => {
    const other = kitsHolder({ dockerId: 'unknown', claimAgoMs: 0 });
    const self = { ...CLAIM, dockerId: 'unknown' };
    assert.equal(decide(other, 0, self).kind, 'superseded');
  });
});
