import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  advanceBucket,
  findRisingMs,
  LONGEST_STEP_MS,
  RECONCILE_EVERY_MS,
  findBucketRequeueMs,
  type LeakyBucket,
} from '../../../../src/decide/feature/leaky-bucket.ts';
import type { FeatureCondition } from '../../../../src/decide/feature/condition.ts';

const base = { text: 'x', requeueAtMs: undefined };
const failing = (imageId = 'image-a'): FeatureCondition => ({
  ...base,
  kind: 'failing',
  imageId,
  cause: 'unhealthy',
});
const healthy = (imageId = 'image-a'): FeatureCondition => ({ ...base, kind: 'healthy', imageId });
const neutral: FeatureCondition = { ...base, kind: 'neutral', isBlind: false, imageId: '' };
const nothing: FeatureCondition = { ...base, kind: 'failing', imageId: '', cause: 'not-deployed' };

/** The bucket after these conditions, each at its time in seconds. */
function fill(...conditions: readonly [number, FeatureCondition][]): LeakyBucket {
  let bucket: LeakyBucket | undefined;
  for (const [atS, condition] of conditions) bucket = advanceBucket(bucket, condition, atS * 1_000);
  assert.ok(bucket);
  return bucket;
}

describe('the leaky bucket of an image', () => {
  test('begins at the first reconcile, and counts by the condition of the one before', () => {
    assert.equal(fill([1_000, failing()]).levelMs, 0);
    assert.equal(fill([0, failing()], [10, healthy()]).levelMs, 10_000);
    assert.equal(fill([0, healthy()], [10, failing()]).levelMs, 0);
  });

  test('drains as fast while the image is healthy, never below empty', () => {
    assert.equal(fill([0, failing()], [10, healthy()], [14, failing()]).levelMs, 6_000);
    assert.equal(fill([0, failing()], [10, healthy()], [50, failing()], [51, failing()]).levelMs, 1_000);
  });

  test('holds its level while the health is unknown, whatever image it was', () => {
    assert.equal(fill([0, failing()], [10, neutral], [60, failing()], [65, failing()]).levelMs, 15_000);
  });

  test('holds its level while nothing is deployed', () => {
    assert.equal(fill([0, failing()], [10, nothing], [20, failing()], [25, failing()]).levelMs, 15_000);
  });

  test('begins empty for another image', () => {
    const next = fill([0, failing()], [10, failing('image-b')]);
    assert.deepEqual([next.imageId, next.levelMs], ['image-b', 0]);
    assert.equal(fill([0, failing()], [10, healthy('image-b')], [11, failing()]).levelMs, 0);
  });

  test('a daemon that slept counts no more than one step, and a clock that went back nothing', () => {
    assert.equal(fill([0, failing()], [3_600, failing()]).levelMs, LONGEST_STEP_MS);
    assert.equal(fill([100, failing()], [50, failing()]).levelMs, 0);
  });

  test('keeps the last cause', () => {
    assert.equal(fill([0, failing()], [10, neutral]).cause, 'unhealthy');
    assert.equal(fill([0, healthy()]).cause, undefined);
  });
});

describe('the time that nothing is deployed', () => {
  test('counts without a break: any other condition starts it anew (HLD, "Feature configuration")', () => {
    assert.equal(fill([0, nothing], [30, nothing], [50, nothing]).notDeployedMs, 50_000);
    for (const between of [neutral, healthy(), failing()])
      assert.equal(fill([0, nothing], [30, between], [31, nothing], [35, nothing]).notDeployedMs, 4_000);
  });
});

describe('the next reconcile', () => {
  test('is at the limit, and never so late that time is lost', () => {
    assert.equal(findBucketRequeueMs(fill([0, failing()], [10, failing()]), 15_000), 15_000);
    assert.equal(
      findBucketRequeueMs(fill([0, failing()], [10, failing()]), 900_000),
      10_000 + RECONCILE_EVERY_MS,
    );
    assert.equal(findBucketRequeueMs(fill([0, nothing], [10, nothing]), 15_000), 15_000);
    assert.ok(RECONCILE_EVERY_MS < LONGEST_STEP_MS);
  });

  test('is not needed where time changes nothing', () => {
    assert.equal(findBucketRequeueMs(fill([0, healthy()]), 15_000), undefined);
    assert.equal(findBucketRequeueMs(fill([0, failing()], [10, neutral]), 15_000), undefined);
    assert.equal(findBucketRequeueMs(fill([0, failing()], [15, failing()]), 15_000), undefined);
    assert.equal(findRisingMs(fill([0, failing()], [15, neutral])), undefined);
  });
});
