import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  advanceBucket,
  findRisingMs,
  LONGEST_STEP_MS,
  RECONCILE_EVERY_MS,
  findRequeueMs,
  type LeakyBucket,
} from '../../../../src/decide/feature/leaky-bucket.ts';
import type { FeatureCondition } from '../../../../src/decide/feature/feature-condition.ts';

const base = { text: 'x', requeueAtMs: undefined };
const bad = (subject = 'image-a'): FeatureCondition => ({
  ...base,
  kind: 'failing',
  subject,
  cause: 'unhealthy',
});
const well = (subject = 'image-a'): FeatureCondition => ({ ...base, kind: 'well', subject });
const neutral: FeatureCondition = { ...base, kind: 'neutral', subject: '' };
const nothing: FeatureCondition = { ...base, kind: 'failing', subject: '', cause: 'not-deployed' };

/** Looks at these times, in seconds. */
function follow(...looks: readonly [number, FeatureCondition][]): LeakyBucket {
  let failing: LeakyBucket | undefined;
  for (const [atS, standing] of looks) failing = advanceBucket(failing, standing, atS * 1_000);
  assert.ok(failing);
  return failing;
}

describe('the failing time of an image', () => {
  test('begins at the first look, and counts for what was so since the look before', () => {
    assert.equal(follow([1_000, bad()]).failingMs, 0);
    assert.equal(follow([0, bad()], [10, well()]).failingMs, 10_000);
    assert.equal(follow([0, well()], [10, bad()]).failingMs, 0);
  });

  test('being well takes away as fast, never below nothing', () => {
    assert.equal(follow([0, bad()], [10, well()], [14, bad()]).failingMs, 6_000);
    assert.equal(follow([0, bad()], [10, well()], [50, bad()], [51, bad()]).failingMs, 1_000);
  });

  test('what says nothing leaves it, whosever image it was', () => {
    assert.equal(follow([0, bad()], [10, neutral], [60, bad()], [65, bad()]).failingMs, 15_000);
  });

  test('nothing deployed in between leaves it too', () => {
    assert.equal(follow([0, bad()], [10, nothing], [20, bad()], [25, bad()]).failingMs, 15_000);
  });

  test('another image begins at nothing', () => {
    const next = follow([0, bad()], [10, bad('image-b')]);
    assert.deepEqual([next.subject, next.failingMs], ['image-b', 0]);
    assert.equal(follow([0, bad()], [10, well('image-b')], [11, bad()]).failingMs, 0);
  });

  test('a daemon that slept blames nobody for it, and a clock that went back neither', () => {
    assert.equal(follow([0, bad()], [3_600, bad()]).failingMs, LONGEST_STEP_MS);
    assert.equal(follow([100, bad()], [50, bad()]).failingMs, 0);
  });

  test('the last cause is kept', () => {
    assert.equal(follow([0, bad()], [10, neutral]).cause, 'unhealthy');
    assert.equal(follow([0, well()]).cause, undefined);
  });
});

describe('the time that nothing is deployed', () => {
  test('counts without a break: whatever else is seen starts it anew (HLD, "Feature configuration")', () => {
    assert.equal(follow([0, nothing], [30, nothing], [50, nothing]).notDeployedMs, 50_000);
    for (const between of [neutral, well(), bad()])
      assert.equal(follow([0, nothing], [30, between], [31, nothing], [35, nothing]).notDeployedMs, 4_000);
  });
});

describe('the next look', () => {
  test('is at the limit, and never so late that time is lost', () => {
    assert.equal(findRequeueMs(follow([0, bad()], [10, bad()]), 15_000), 15_000);
    assert.equal(findRequeueMs(follow([0, bad()], [10, bad()]), 900_000), 10_000 + RECONCILE_EVERY_MS);
    assert.equal(findRequeueMs(follow([0, nothing], [10, nothing]), 15_000), 15_000);
    assert.ok(RECONCILE_EVERY_MS < LONGEST_STEP_MS);
  });

  test('is not needed where time changes nothing', () => {
    assert.equal(findRequeueMs(follow([0, well()]), 15_000), undefined);
    assert.equal(findRequeueMs(follow([0, bad()], [10, neutral]), 15_000), undefined);
    assert.equal(findRequeueMs(follow([0, bad()], [15, bad()]), 15_000), undefined);
    assert.equal(findRisingMs(follow([0, bad()], [15, neutral])), undefined);
  });
});
