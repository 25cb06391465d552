import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import {
  beginObservation,
  findGraceEndMs,
  recordLook,
  recordOutage,
  type StoreObservation,
} from '../../../../src/decide/gate/observation.ts';
import { kitsHolder } from '../../../support/snapshots.ts';

const INTERVAL_MS = 10_000;
const LEASE_MS = 30_000;
const OLD_MS = 3_600_000;
const HELD = kitsHolder({ claimAgoMs: 0 }).status ?? {};

interface LookOptions {
  readonly serverId?: string;
  readonly uptimeMs?: number;
  readonly status?: Readonly<Record<string, string | undefined>>;
  /** Of the last holder's heartbeat; undefined where there is none. */
  readonly intervalMs?: number;
  readonly beatMs?: number | undefined;
}

const look = (before: StoreObservation, nowMs: number, options: LookOptions = {}): StoreObservation => {
  const { serverId = 'a', uptimeMs = OLD_MS, status = {} } = options;
  const { intervalMs, beatMs } = options;
  const token = intervalMs === undefined ? '' : 'token-b';
  const heartbeat = { token, intervalMs: intervalMs ?? 10_000, beatMs };
  return recordLook(before, { serverId, uptimeMs, status: decodeStatus(status), heartbeat, nowMs });
};

const first = (options?: LookOptions): StoreObservation =>
  look(beginObservation(INTERVAL_MS), 1_000, options);

const summary = ({ goodSinceMs, hadOutage, hasServerChanged }: StoreObservation) => ({
  goodSinceMs,
  hadOutage,
  hasServerChanged,
});

describe('the observation of the store', () => {
  test('a first look at an old server is good from then on, and shows no outage', () => {
    assert.deepEqual(summary(first()), { goodSinceMs: 1_000, hadOutage: false, hasServerChanged: false });
  });

  test('a long interval of its own keeps nobody waiting for longer than a minute on a new server', () => {
    const lookAt = (uptimeMs: number) => look(beginObservation(600_000), 1_000, { uptimeMs });
    assert.deepEqual([lookAt(59_000).hadOutage, lookAt(60_000).hadOutage], [true, false]);
    assert.equal(look(first(), 2_000, { intervalMs: 600_000 }).leaseMs, 60_000);
  });

  test('an old heartbeat of a long interval does not make the server a young one', () => {
    assert.equal(first({ uptimeMs: LEASE_MS, intervalMs: 20_000 }).hadOutage, false);
  });

  test('further looks change nothing', () => {
    assert.deepEqual(summary(look(first(), 600_000)), summary(first()));
  });

  test('a server younger than a lease is an outage that nobody saw (G2)', () => {
    const young = { goodSinceMs: 1_000, hadOutage: true, hasServerChanged: true };
    assert.deepEqual(summary(first({ uptimeMs: LEASE_MS - 1_000 })), young);
    assert.equal(first({ uptimeMs: LEASE_MS }).hadOutage, false);
  });

  test('after an outage it is good again from the next look on, and the server is the same (G2)', () => {
    const out = recordOutage(first(), 5_000);
    assert.equal(out.goodSinceMs, undefined);
    const good = look(out, 9_000);
    assert.deepEqual(summary(good), { goodSinceMs: 9_000, hadOutage: true, hasServerChanged: false });
  });

  test('the lease of a lost record is that of the last heartbeat, where that is longer than the own one', () => {
    const held = first({ intervalMs: 20_000 });
    assert.equal(held.leaseMs, 60_000);
    assert.equal(look(held, 2_000).leaseMs, 60_000);
    assert.equal(recordOutage(held, 2_000).leaseMs, 60_000);
    assert.equal(look(held, 2_000, { intervalMs: 1_000 }).leaseMs, LEASE_MS);
  });

  test('another server is an outage, with or without one that was seen (G2)', () => {
    const changed = { goodSinceMs: 9_000, hadOutage: true, hasServerChanged: true };
    assert.deepEqual(summary(look(first(), 9_000, { serverId: 'b' })), changed);
    assert.deepEqual(summary(look(recordOutage(first(), 5_000), 9_000, { serverId: 'b' })), changed);
  });

  test('a server that does not tell its id may be another one after an outage, and is the same without', () => {
    const unnamed = { serverId: '', uptimeMs: Infinity };
    assert.deepEqual(summary(look(first(unnamed), 9_000, unnamed)), {
      goodSinceMs: 1_000,
      hadOutage: false,
      hasServerChanged: false,
    });
    assert.equal(look(recordOutage(first(unnamed), 5_000), 9_000, unnamed).hasServerChanged, true);
  });

  test('a second outage leaves the doubt about the server, until it was good for a lease', () => {
    const changed = look(first(), 9_000, { serverId: 'b' });
    const soon = look(recordOutage(changed, 20_000), 21_000, { serverId: 'b' });
    assert.equal(soon.hasServerChanged, true);
    const late = look(recordOutage(changed, 9_000 + LEASE_MS), 50_000, { serverId: 'b' });
    assert.equal(late.hasServerChanged, false);
    assert.equal(late.hadOutage, true);
  });

  test('a holder whose heartbeat is deleted, or is an older one, has a whole lease to beat again (G2)', () => {
    const status = { ...HELD, claim_ms: '500' };
    const beaten = { status, intervalMs: 10_000, beatMs: 90_000 };
    const held = look(look(first({ status }), 30_000, beaten), 95_000, { ...beaten, beatMs: 94_000 });
    assert.deepEqual([held.goodSinceMs, held.hadOutage], [1_000, false]);
    for (const aged of [{ status }, beaten, { ...beaten, beatMs: undefined }]) {
      const { goodSinceMs, hadOutage, hasServerChanged } = look(held, 99_000, aged);
      assert.deepEqual([goodSinceMs, hadOutage, hasServerChanged], [99_000, true, false]);
    }
    assert.equal(look(held, 99_000, { ...beaten, beatMs: 94_000 }).hadOutage, false);
  });

  test('a record that vanishes is a loss; one that is released is none', () => {
    const held = first({ status: HELD });
    const lost = { goodSinceMs: 9_000, hadOutage: true, hasServerChanged: true };
    assert.deepEqual(summary(look(held, 9_000)), lost);
    const released = { ...HELD, current_owner: 'none', docker_id: '', container_id: '' };
    assert.equal(look(held, 9_000, { status: released }).hadOutage, false);
  });

  test('a holder that was not there at the last look is owed the grace of a first sight (G2)', () => {
    const seen = look(first(), 600_000, { status: HELD });
    assert.deepEqual(summary(seen), { goodSinceMs: 600_000, hadOutage: false, hasServerChanged: false });
    assert.deepEqual(summary(look(seen, 605_000, { status: HELD })), summary(seen));
    const next = { ...HELD, claim_token: 'token-of-the-next' };
    assert.equal(look(seen, 605_000, { status: next }).goodSinceMs, 605_000);
  });

  test('a look that comes too late may have missed an outage: the observer was frozen, or the switch (G2)', () => {
    const expected = { ...first(), lookByMs: 11_000 };
    assert.equal(look(expected, 11_000).hadOutage, false);
    assert.deepEqual(summary(look(expected, 11_001)), {
      goodSinceMs: 11_001,
      hadOutage: true,
      hasServerChanged: false,
    });
  });
});

describe('the period that a holder is owed', () => {
  test('is one interval for the first sight of it, and a whole lease after an outage (G2)', () => {
    assert.equal(findGraceEndMs(first(), 2_000), 3_000);
    assert.equal(findGraceEndMs(look(recordOutage(first(), 5_000), 9_000), 2_000), 15_000);
  });

  test('has no end while the store is not well', () => {
    assert.equal(findGraceEndMs(recordOutage(first(), 5_000), 2_000), Infinity);
  });
});
