import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeatureLock } from '../../../../src/contract/feature/lock.ts';
import { decideLock } from '../../../../src/decide/feature/decide-lock.ts';

const SINCE_TS = 1_767_323_045;
const HOUR_MS = 3_600_000;
const lock: FeatureLock = {
  feature: 'snmp',
  owner: 'alice',
  reason: 'debugging',
  sinceTs: SINCE_TS,
  forMs: 2 * HOUR_MS,
  bootId: 'boot-1',
  bootMs: 5 * HOUR_MS,
};
const wallMs = SINCE_TS * 1_000;

describe('a lock in the boot it was set in', () => {
  test('holds for its time on the boot clock, and says whose it is', () => {
    const now = { bootId: 'boot-1', bootMs: 5 * HOUR_MS + 30 * 60_000, wallMs: wallMs + 30 * 60_000 };
    assert.deepEqual(decideLock(lock, now), {
      kind: 'active',
      text: 'locked by alice (debugging) for 1 h 30 min still',
      remainingMs: 1.5 * HOUR_MS,
    });
    assert.equal(decideLock(lock, { ...now, bootMs: 7 * HOUR_MS - 1 }).kind, 'active');
    assert.deepEqual(decideLock(lock, { ...now, bootMs: 7 * HOUR_MS }), { kind: 'expired' });
  });

  test('is moved by no step of the wall clock (D22)', () => {
    for (const step of [-1e12, 1e12]) {
      const now = { bootId: 'boot-1', wallMs: wallMs + step };
      assert.equal(decideLock(lock, { ...now, bootMs: 7 * HOUR_MS - 1 }).kind, 'active');
      assert.equal(decideLock(lock, { ...now, bootMs: 7 * HOUR_MS }).kind, 'expired');
    }
  });

  test('that claims to be of the future holds for its own length, no longer', () => {
    const verdict = decideLock(lock, { bootId: 'boot-1', bootMs: 0, wallMs });
    assert.equal(verdict.kind === 'active' && verdict.remainingMs, 2 * HOUR_MS);
  });
});

describe('a lock of an earlier boot', () => {
  test('holds for its time on the wall clock', () => {
    const now = { bootId: 'boot-2', bootMs: 60_000 };
    const verdict = decideLock(lock, { ...now, wallMs: wallMs + HOUR_MS });
    assert.equal(verdict.kind === 'active' && verdict.remainingMs, HOUR_MS);
    assert.equal(decideLock(lock, { ...now, wallMs: wallMs + 2 * HOUR_MS }).kind, 'expired');
  });

  test('is not lifted by a wall clock that was set back, and ends after its own length of this boot', () => {
    const now = { bootId: 'boot-2', wallMs: 0 };
    const verdict = decideLock(lock, { ...now, bootMs: HOUR_MS });
    assert.equal(verdict.kind === 'active' && verdict.remainingMs, HOUR_MS);
    assert.equal(decideLock(lock, { ...now, bootMs: 2 * HOUR_MS }).kind, 'expired');
  });
});

test('a lock without an end holds for ever', () => {
  const endless = { ...lock, forMs: 0 };
  assert.deepEqual(decideLock(endless, { bootId: 'boot-9', bootMs: 1e12, wallMs: 1e14 }), {
    kind: 'active',
    text: 'locked by alice (debugging) until the lock is removed',
  });
});
