import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeHeartbeat } from '../../../../src/contract/health/heartbeat.ts';
import {
  findLiveHolder,
  describeIdentity,
  isSelf,
  type Holder,
} from '../../../../src/decide/gate/live-holder.ts';
import { kitsHolder, merge, NOW, shippedHolder, type RawRows } from '../../../support/snapshots.ts';

const find = (rows: RawRows, afterMs = 0): Holder | undefined =>
  findLiveHolder(decodeStatus(rows.status ?? {}), decodeHeartbeat(rows.heartbeat ?? {}), {
    bootId: NOW.bootId,
    bootMs: NOW.bootMs + afterMs,
  });

describe('the live holder', () => {
  test('a beating holder is told with its owner, ids, version and until when it is live', () => {
    const ago = { claimAgoMs: 60_000, startedAgoMs: 90_000, beatAgoMs: 1_000 };
    const rows = kitsHolder({ ...ago, intervalMs: 5_000, version: '1.1.0' });
    assert.deepEqual(find(rows), {
      owner: 'kube',
      dockerId: 'bbbbbbbbbbbb',
      token: 'token-b',
      version: '1.1.0',
      intervalMs: 5_000,
      liveUntilMs: NOW.bootMs - 1_000 + 15_000,
      claimedMs: NOW.bootMs - 90_000,
    });
    assert.equal(find(kitsHolder({ claimAgoMs: 7_000 }))?.claimedMs, NOW.bootMs - 7_000);
  });

  test('a holder of the shipped kit is live for ever, and without a token', () => {
    assert.deepEqual(find(shippedHolder({ owner: 'local', id: 'snmp', version: '1.1.0' }), 1e12), {
      owner: 'local',
      dockerId: 'snmp',
      token: '',
      version: '1.1.0',
      intervalMs: 10_000,
      liveUntilMs: undefined,
      claimedMs: undefined,
    });
  });

  test("the shipped kit's local claim over a dead kube claim of ours counts, though our token still stands", () => {
    const dead = kitsHolder({ claimAgoMs: 900_000, beatAgoMs: 900_000 });
    const status = { current_owner: 'local', container_id: 'snmp' };
    const holder = find(merge(dead, { status, heartbeat: { owner: 'kube' } }));
    assert.equal(holder?.owner, 'local');
    assert.equal(holder?.token, '');
    assert.equal(holder?.liveUntilMs, undefined);
  });

  test('two lost heartbeats are forgiven, the third is not (D10)', () => {
    const rows = kitsHolder({ claimAgoMs: 60_000, beatAgoMs: 0, intervalMs: 10_000 });
    assert.notEqual(find(rows, 29_999), undefined);
    assert.equal(find(rows, 30_000), undefined);
  });

  test('its own interval is what it promised, the usual one if it promised nothing credible', () => {
    const rows = kitsHolder({ claimAgoMs: 900_000, beatAgoMs: 0 });
    const promised = (interval_ms: string) => find(merge(rows, { heartbeat: { interval_ms } }))?.liveUntilMs;
    assert.equal(promised('100'), NOW.bootMs + 300);
    assert.equal(promised('600000'), NOW.bootMs + 1_800_000);
    for (const text of ['600001', '0', '-1', '', 'often', '999999999999999999'])
      assert.equal(promised(text), NOW.bootMs + 30_000, text);
  });

  test('a sign of life from the future is none', () => {
    assert.equal(find(kitsHolder({ claimAgoMs: -3_600_000 })), undefined);
    const beat = kitsHolder({ claimAgoMs: 900_000, beatAgoMs: -3_600_000 });
    assert.equal(find(beat), undefined);
  });

  test('a sign of life that was written after this reading of the clock is one', () => {
    assert.equal(find(kitsHolder({ claimAgoMs: -20 }))?.liveUntilMs, NOW.bootMs + 20 + 30_000);
  });

  test('a claim of the kit without a boot id is judged by its heartbeat alone', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0 }), { status: { claim_boot_id: '' } });
    assert.notEqual(find(rows, 29_999), undefined);
    assert.equal(find(rows, 30_000), undefined);
  });

  test('a claim whose boot id somebody has changed is of this boot where its heartbeat says so (F8)', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 60_000, beatAgoMs: 1_000, bootId: 'boot-0' }), {
      heartbeat: { boot_id: NOW.bootId },
    });
    assert.equal(find(rows)?.liveUntilMs, NOW.bootMs - 1_000 + 30_000);
    assert.equal(find(rows, 29_000), undefined);
    assert.equal(find(merge(rows, { heartbeat: { boot_id: 'boot-0' } })), undefined);
    assert.equal(
      find(merge(rows, { heartbeat: { token: 'token-c' } })),
      undefined,
      'another claim’s heartbeat',
    );
  });

  test('one whose heartbeat can’t be read is live until it is cleared, but for one of another boot (F8)', () => {
    const find1 = ({ status = {} }: RawRows) =>
      findLiveHolder(
        decodeStatus(status),
        { ...decodeHeartbeat({}), isUnreadable: true },
        { ...NOW, bootMs: 1e12 },
      );
    assert.equal(find1(kitsHolder({ claimAgoMs: 0 }))?.liveUntilMs, undefined);
    assert.equal(find1(kitsHolder({ claimAgoMs: 0 }))?.token, 'token-b');
    assert.equal(find1(kitsHolder({ claimAgoMs: 0, bootId: 'boot-0' })), undefined);
  });

  test('a claim of another boot is over, even if its milliseconds are young here', () => {
    assert.equal(find(kitsHolder({ claimAgoMs: 0, beatAgoMs: 0, bootId: 'boot-0' })), undefined);
  });

  test('a token with neither a time of claim nor a heartbeat is nobody', () => {
    assert.equal(find(merge(kitsHolder({ claimAgoMs: 0 }), { status: { claim_ms: '' } })), undefined);
  });

  test('the version falls back on the record where the heartbeat has none', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0, beatAgoMs: 0 }), { heartbeat: { version: '' } });
    assert.equal(find(rows)?.version, '1.0.0');
  });
});

describe('a holder of the shipped kit over an old claim of ctrkit’s', () => {
  const old = kitsHolder({ claimAgoMs: 900_000, beatAgoMs: 900_000, bootId: 'boot-0' });

  test('is live whatever boot the old claim was of (G14)', () => {
    const kube = { container_id: 'cccccccccccc', claim_owner: 'kube' };
    assert.equal(find(merge(old, { status: kube }))?.dockerId, 'cccccccccccc');
    const local = { current_owner: 'local', container_id: 'snmp', claim_owner: 'kube' };
    assert.equal(find(merge(old, { status: local }))?.dockerId, 'snmp');
  });

  test('is known by the heartbeat where the old claim does not say its owner (G14)', () => {
    const local = { current_owner: 'local', container_id: 'snmp' };
    const holder = find(merge(old, { status: local, heartbeat: { owner: 'kube' } }));
    assert.deepEqual([holder?.dockerId, holder?.token, holder?.liveUntilMs], ['snmp', '', undefined]);
  });
});

describe('whether a holder is this container', () => {
  const holder = (dockerId: string, token: string): Holder => ({
    owner: 'kube',
    dockerId,
    token,
    version: '1.0.0',
    intervalMs: 10_000,
    liveUntilMs: undefined,
    claimedMs: undefined,
  });

  test('by its token, or by its id', () => {
    const self = { dockerId: 'aaaaaaaaaaaa', token: 'token-a' };
    assert.equal(isSelf(holder('aaaaaaaaaaaa', 'token-a'), self), true);
    assert.equal(isSelf(holder('aaaaaaaaaaaa', 'token-of-an-earlier-start'), self), true);
    assert.equal(isSelf(holder('unknown', 'token-a'), self), true);
    assert.equal(isSelf(holder('bbbbbbbbbbbb', 'token-b'), self), false);
  });

  test('neither an unknown id nor a missing token makes two containers one', () => {
    assert.equal(isSelf(holder('unknown', 'token-b'), { dockerId: 'unknown', token: 'token-a' }), false);
    assert.equal(isSelf(holder('bbbbbbbbbbbb', ''), { dockerId: 'aaaaaaaaaaaa', token: '' }), false);
  });

  test('each holding has an identity of its own, and nobody has the empty one', () => {
    assert.equal(describeIdentity(undefined), '');
    assert.notEqual(
      describeIdentity(holder('bbbbbbbbbbbb', 'token-1')),
      describeIdentity(holder('bbbbbbbbbbbb', 'token-2')),
    );
    assert.notEqual(
      describeIdentity(holder('bbbbbbbbbbbb', '')),
      describeIdentity(holder('cccccccccccc', '')),
    );
  });
});
