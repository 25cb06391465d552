import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeImagePolicy } from '../../../../src/contract/images/image-policy.ts';
import {
  EMPTY_FEATURE_LEDGER,
  type Fallback,
  type GoldenImage,
} from '../../../../src/contract/images/ledger.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import {
  COOL_DOWN_MS,
  DAEMON_GRACE_MS,
  DEFAULT_FALLBACK_TIMING,
} from '../../../../src/decide/feature/fallback-refusal.ts';
import {
  decideFallback,
  type FallbackDecision,
  type FallbackInput,
} from '../../../../src/decide/feature/fallback.ts';
import type { LeakyBucket } from '../../../../src/decide/feature/leaky-bucket.ts';
import type { FeatureCondition } from '../../../../src/decide/feature/condition.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const LOCAL = `sha256:${'b'.repeat(64)}`;
const NOW = { bootId: 'boot-1', bootMs: 10_000_000 };

const base = { requeueAtMs: undefined };
const bad: FeatureCondition = {
  ...base,
  kind: 'failing',
  imageId: IMAGE,
  cause: 'unhealthy',
  text: 'it is unhealthy',
};
const nothing: FeatureCondition = {
  ...base,
  kind: 'failing',
  imageId: '',
  cause: 'not-deployed',
  text: 'nothing is deployed',
};
const healthy: FeatureCondition = { ...base, kind: 'healthy', imageId: IMAGE, text: 'it is healthy' };
const unknown: FeatureCondition = {
  ...base,
  kind: 'neutral',
  isBlind: false,
  imageId: IMAGE,
  text: 'it is starting',
};
const planned: FeatureCondition = {
  ...base,
  kind: 'neutral',
  isBlind: false,
  imageId: '',
  text: 'the service is not started',
};

const policyOf = (own: FieldValues, feature: FieldValues = { kube_failure_detection: '5' }) =>
  decodeImagePolicy({ own, global: {}, feature }, 'snmp');
const POLICY = policyOf({ fail_time_to_fallback: '2m' });

/** Failing for so long already, the last second of it since the previous reconcile. */
const failingFor = (ms: number): LeakyBucket => ({
  imageId: IMAGE,
  levelMs: ms - 1_000,
  cause: 'unhealthy',
  notDeployedMs: 0,
  asOfMs: NOW.bootMs - 1_000,
  flow: 'fills',
});
const nothingFor = (ms: number): LeakyBucket => ({
  ...failingFor(1_000),
  imageId: '',
  flow: 'not-deployed',
  notDeployedMs: ms - 1_000,
});
const fallbackOf = (changes: Partial<Fallback> = {}): Fallback => ({
  imageId: `sha256:${'c'.repeat(64)}`,
  version: '1.3.0',
  reason: 'unhealthy',
  sinceTs: 1,
  bootId: NOW.bootId,
  bootMs: NOW.bootMs - 60_000,
  isDone: true,
  ...changes,
});
const golden = (imageId: string): GoldenImage => ({
  imageId,
  references: [],
  version: '1.2.0',
  source: 'certified',
  sinceTs: 1,
});

const decide = (changes: Partial<FallbackInput> = {}): FallbackDecision =>
  decideFallback({
    feature: 'snmp',
    condition: bad,
    bucket: failingFor(120_000),
    now: NOW,
    policy: POLICY,
    ledger: EMPTY_FEATURE_LEDGER,
    lockText: undefined,
    target: { imageId: LOCAL, version: '1.0', rung: 'shipped' },
    daemonStartedMs: NOW.bootMs - 3_600_000,
    lastFallbackMs: undefined,
    timing: DEFAULT_FALLBACK_TIMING,
    ...changes,
  });

describe('falling back', () => {
  test('comes when the failing time reaches the limit, not a millisecond before', () => {
    assert.equal(decide().verdict.kind, 'fall-back');
    const { verdict, requeueAtMs } = decide({ bucket: failingFor(119_999) });
    assert.equal(verdict.kind, 'failing');
    assert.deepEqual(verdict.kind === 'failing' && [verdict.failingMs, verdict.limitMs, verdict.isRising], [
      119_999,
      120_000,
      true,
    ]);
    assert.equal(requeueAtMs, NOW.bootMs + 1);
  });

  test('never comes at a moment that does not fail, whatever came before', () => {
    for (const condition of [healthy, unknown, planned])
      assert.notEqual(decide({ condition, bucket: failingFor(9_000_000) }).verdict.kind, 'fall-back');
  });

  test('is off as long as no policy asks for it', () => {
    const policy = policyOf({}, {});
    for (const condition of [bad, nothing, healthy, unknown])
      assert.equal(decide({ condition, policy }).verdict.kind, 'off');
    const { verdict, bucket } = decide({ policy: policyOf({}) });
    assert.equal(verdict.kind, 'off');
    assert.equal(bucket.flow, 'holds', 'nothing is added while it is off');
  });

  test('a limit of 0 takes nothing away: `config reload` empties the table for a moment (H10)', () => {
    const last = failingFor(90_000);
    const off = decide({ policy: policyOf({}), bucket: last });
    assert.equal(off.bucket.levelMs, 90_000);
    const [nowMs, laterMs] = [NOW.bootMs, NOW.bootMs + 20_000];
    const still = decide({
      policy: policyOf({}),
      bucket: { ...off.bucket, asOfMs: nowMs },
      now: { ...NOW, bootMs: laterMs },
    });
    assert.equal(still.bucket.levelMs, 90_000, 'nor does it add');
    const well = decide({ policy: policyOf({}), bucket: last, condition: healthy }).bucket;
    assert.equal(well.flow, 'drains');
  });

  test('what can’t be judged is a verdict of its own, never well (HF9)', () => {
    const condition: FeatureCondition = { ...base, kind: 'unknown', imageId: '', text: 'another engine' };
    assert.deepEqual(decide({ condition, bucket: undefined }).verdict, {
      kind: 'unknown',
      text: 'another engine',
    });
    assert.equal(
      decide({ condition: { ...condition, imageId: IMAGE }, bucket: failingFor(60_000) }).verdict.kind,
      'failing',
    );
  });

  test('an instant at which nothing can be seen suspends a failure, and keeps the time without a deployment (H10)', () => {
    const blind: FeatureCondition = { ...base, kind: 'neutral', isBlind: true, imageId: '', text: 'away' };
    const { verdict, bucket } = decide({ condition: blind, bucket: failingFor(60_000) });
    assert.deepEqual([verdict.kind, bucket.levelMs], ['failing', 60_000]);
    assert.equal(decide({ condition: blind, bucket: nothingFor(200_000) }).bucket.notDeployedMs, 200_000);
    assert.equal(decide({ condition: planned, bucket: nothingFor(200_000) }).bucket.notDeployedMs, 0);
  });

  test('for nothing deployed has a limit of its own', () => {
    const at = (ms: number, policy = POLICY) =>
      decide({ condition: nothing, bucket: nothingFor(ms), policy }).verdict.kind;
    assert.equal(at(299_999), 'failing');
    assert.equal(at(300_000), 'fall-back');
    assert.equal(at(300_000, policyOf({ fail_time_to_fallback: '2m' }, {})), 'off');
  });
});

describe('falling back is refused', () => {
  const refuse = (changes: Partial<FallbackInput>): string => {
    const { verdict } = decide(changes);
    assert.equal(verdict.kind, 'refused');
    return verdict.text;
  };
  const all: readonly [string, Partial<FallbackInput>, RegExp][] = [
    [
      'by no_fallback_to_local',
      {
        policy: policyOf(
          { fail_time_to_fallback: '2m' },
          { no_fallback_to_local: 'True', kube_failure_detection: '5' },
        ),
      },
      /no_fallback_to_local/,
    ],
    [
      'by a policy that is disabled',
      { policy: policyOf({ fail_time_to_fallback: '2m', Disable: 'true' }) },
      /Disable/,
    ],
    ['by a lock', { lockText: 'locked by ann (test)' }, /locked by ann \(test\).*ctrkit lock rm snmp/],
    ['without a target', { target: { why: 'there is no local image' } }, /no local image/],
    ['in the cool-down', { ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallbackOf()] } }, /in 29 min/],
    ['in the cool-down of one for nothing deployed', { lastFallbackMs: NOW.bootMs - 60_000 }, /in 29 min/],
    ['by a daemon that has just started', { daemonStartedMs: NOW.bootMs - 10_000 }, /in 50 s/],
  ];
  for (const [why, changes, text] of all) {
    test(why, () => {
      assert.match(refuse(changes), text);
      assert.match(refuse({ ...changes, condition: nothing, bucket: nothingFor(300_000) }), text);
    });
  }

  test('once an image has been fallen back from, done or not, in whatever boot, until that is lifted', () => {
    for (const isDone of [true, false]) {
      const past = fallbackOf({ imageId: IMAGE, bootId: 'boot-0', isDone });
      assert.match(
        refuse({ ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [past] } }),
        /ctrkit unblock snmp 1\.3\.0/,
      );
    }
  });

  test('not for the golden image itself, as long as there is something to go back to (HF1)', () => {
    const ledger = { ...EMPTY_FEATURE_LEDGER, golden: golden(IMAGE) };
    assert.equal(decide({ ledger }).verdict.kind, 'fall-back');
    assert.equal(refuse({ ledger, target: { why: 'nothing is left' } }), 'nothing is left');
    assert.match(
      refuse({ ledger: { ...ledger, fallbacks: [fallbackOf()] } }),
      /in 29 min/,
      'the same cool-down',
    );
  });

  test('no_fallback_to_local="false" is not in the way (D20)', () => {
    const policy = policyOf({ fail_time_to_fallback: '2m' }, { no_fallback_to_local: 'false' });
    assert.equal(decide({ policy }).verdict.kind, 'fall-back');
  });

  test('a refusal that time lifts is reconciled then, and counts only in the boot it was in', () => {
    const at = (changes: Partial<Fallback>) =>
      decide({ ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallbackOf(changes)] } });
    assert.equal(at({ bootMs: NOW.bootMs - 60_000 }).requeueAtMs, NOW.bootMs - 60_000 + COOL_DOWN_MS);
    assert.equal(at({ bootMs: NOW.bootMs - COOL_DOWN_MS }).verdict.kind, 'fall-back');
    assert.equal(at({ bootId: 'boot-0' }).verdict.kind, 'fall-back');
    const young = decide({ daemonStartedMs: NOW.bootMs - 10_000 });
    assert.equal(young.requeueAtMs, NOW.bootMs - 10_000 + DAEMON_GRACE_MS);
  });

  test('fills the bucket up to the limit only: an image that got healthy does not fall back for a blip', () => {
    const locked = decide({ lockText: 'locked', bucket: failingFor(9_000_000) });
    assert.equal(locked.bucket.levelMs, 120_000);
    const later = (ms: number) => ({ bootId: NOW.bootId, bootMs: NOW.bootMs + ms });
    const healed = decide({ bucket: locked.bucket, condition: healthy, now: later(30_000) });
    const half = decide({ bucket: healed.bucket, condition: bad, now: later(60_000) });
    assert.equal(half.bucket.levelMs, 90_000);
    assert.equal(half.verdict.kind, 'failing');
  });
});

describe('the verdict on what does not fail now', () => {
  test('healthy is well', () => {
    assert.deepEqual(decide({ condition: healthy }).verdict, { kind: 'well', text: 'it is healthy' });
    assert.equal(decide({ condition: planned }).verdict.kind, 'well');
  });

  test('a failure whose image has an unknown health now does not rise', () => {
    const { verdict } = decide({ condition: unknown, bucket: failingFor(60_000) });
    assert.equal(verdict.kind === 'failing' && verdict.isRising, false);
    assert.match(verdict.text, /it is starting; it failed before \(unhealthy\)/);
    const ledger = { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallbackOf({ imageId: IMAGE })] };
    assert.equal(decide({ condition: unknown, bucket: failingFor(60_000), ledger }).verdict.kind, 'well');
  });

  test('a condition that time changes is reconciled then', () => {
    assert.equal(
      decide({ condition: { ...healthy, requeueAtMs: NOW.bootMs + 7 } }).requeueAtMs,
      NOW.bootMs + 7,
    );
    assert.equal(decide({ condition: planned }).requeueAtMs, undefined);
  });
});
