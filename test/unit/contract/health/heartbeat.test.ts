import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  HEALTH_FIELDS,
  LIVENESS_FIELDS,
  decodeCount,
  isFromFuture,
  isOverdue,
  type HeartbeatRecord,
  overdueAtMs,
} from '../../../../src/contract/health/heartbeat.ts';
import { decodeObservedBeat } from '../../../../src/contract/health/observed-beat.ts';

const beat: HeartbeatRecord = {
  token: 'token-a',
  dockerId: 'aaaaaaaaaaaa',
  owner: 'kube',
  version: '1.2.0',
  bootId: 'boot-1',
  status: 'healthy',
  reason: '',
  seq: 7,
  intervalMs: 10_000,
  beatMs: 123_456,
  startedMs: 100_000,
  healthySinceMs: 110_000,
  restarts: 0,
  checks: [{ name: 'start', kind: 'required', result: 'ok', sinceMs: 101_000, message: '' }],
  updatedTs: 1_700_000_000,
};

describe('the heartbeat', () => {
  test('has every field of the contract, as text', () => {
    assert.deepEqual(encodeHeartbeat(beat), {
      token: 'token-a',
      docker_id: 'aaaaaaaaaaaa',
      owner: 'kube',
      version: '1.2.0',
      boot_id: 'boot-1',
      status: 'healthy',
      reason: '',
      seq: '7',
      interval_ms: '10000',
      beat_ms: '123456',
      started_ms: '100000',
      healthy_since_ms: '110000',
      restarts: '0',
      checks: '[{"name":"start","kind":"required","result":"ok","since_ms":101000,"message":""}]',
      updated_ts: '1700000000',
    });
  });

  test('healthy_since_ms is empty while it is not healthy', () => {
    assert.equal(encodeHeartbeat({ ...beat, healthySinceMs: undefined })['healthy_since_ms'], '');
  });

  test('every field that is written is among those that are read for people', () => {
    assert.deepEqual(Object.keys(encodeHeartbeat(beat)).toSorted(), HEALTH_FIELDS.toSorted());
  });

  test('what tells a live holder is read back as it was written', () => {
    const values = encodeHeartbeat(beat);
    const read = Object.fromEntries(LIVENESS_FIELDS.map((field) => [field, values[field]]));
    assert.deepEqual(decodeHeartbeat(read), {
      token: 'token-a',
      owner: 'kube',
      version: '1.2.0',
      bootId: 'boot-1',
      beatMs: 123_456,
      intervalMs: 10_000,
      startedMs: 100_000,
    });
  });

  test('a row that is not there, or holds nonsense, is no sign of life', () => {
    const texts = { token: '', owner: '', version: '', bootId: '' };
    const none = { ...texts, beatMs: undefined, intervalMs: 10_000, startedMs: undefined };
    assert.deepEqual(decodeHeartbeat({}), none);
    assert.deepEqual(decodeHeartbeat({ beat_ms: 'now', interval_ms: 'often' }), none);
  });
});

test('a heartbeat is overdue three of its own intervals after it was made', () => {
  assert.equal(overdueAtMs({ beatMs: 1_000, intervalMs: 10_000 }), 31_000);
});

describe('the time of a heartbeat', () => {
  const timing = { beatMs: 100_000, intervalMs: 10_000 };

  test('is overdue from the third interval on, to the millisecond', () => {
    assert.equal(isOverdue(timing, { bootMs: 129_999 }), false);
    assert.equal(isOverdue(timing, { bootMs: 130_000 }), true);
    assert.equal(isOverdue({ ...timing, beatMs: -Infinity }, { bootMs: 0 }), true);
  });

  test('is from the future when it is later than now by more than an interval', () => {
    assert.equal(isFromFuture(timing, { bootMs: 90_000 }), false);
    assert.equal(isFromFuture(timing, { bootMs: 89_999 }), true);
  });
});

describe('the counts of a heartbeat', () => {
  test('are plain numbers of at most nine digits', () => {
    assert.equal(decodeCount('0'), 0);
    assert.equal(decodeCount('999999999'), 999_999_999);
    for (const text of [undefined, '', '1234567890', '-1', '1.5', ' 1', 'x'])
      assert.equal(decodeCount(text), undefined, text);
  });

  test('are the same to the host side', () => {
    const { seq, restarts } = decodeObservedBeat({ seq: '1234567890', restarts: '12' });
    assert.deepEqual([seq, restarts], [undefined, 12]);
  });
});
