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
  decideFallback,
  type FallbackDecision,
  type FallbackInput,
} from '../../../../src/decide/feature/fallback.ts';
import type { LeakyBucket } from '../../../../src/decide/feature/leaky-bucket.ts';
import type { FeatureCondition } from '../../../../src/decide/feature/feature-condition.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const LOCAL = `sha256:${'b'.repeat(64)}`;
const NOW = { bootId: 'boot-1', bootMs: 10_000_000 };

const base = { requeueAtMs: undefined };
const bad: FeatureCondition = {
  ...base,
  kind: 'failing',
  subject: IMAGE,
  cause: 'unhealthy',
  text: 'it is unhealthy',
};
const nothing: FeatureCondition = {
  ...base,
  kind: 'failing',
  subject: '',
  cause: 'not-deployed',
  text: 'nothing is deployed',
};
const well: FeatureCondition = { ...base, kind: 'well', subject: IMAGE, text: 'it is healthy' };
const unknown: FeatureCondition = { ...base, kind: 'neutral', subject: IMAGE, text: 'it is starting' };
const planned: FeatureCondition = {
  ...base,
  kind: 'neutral',
  subject: '',
  text: 'the service is not started',
};

const policyOf = (own: FieldValues, feature: FieldValues = { kube_failure_detection: '5' }) =>
  decodeImagePolicy(own, {}, feature);
const POLICY = policyOf({ fail_time_to_fallback: '2m' });

/** Failing for so long already, the last of it since the look before. */
const failingFor = (ms: number): LeakyBucket => ({
  subject: IMAGE,
  failingMs: ms - 1_000,
  cause: 'unhealthy',
  notDeployedMs: 0,
  asOfMs: NOW.bootMs - 1_000,
  kind: 'failing',
});
const nothingFor = (ms: number): LeakyBucket => ({
  ...failingFor(1_000),
  subject: '',
  kind: 'not-deployed',
  notDeployedMs: ms - 1_000,
});
const fallback = (by: Partial<Fallback> = {}): Fallback => ({
  imageId: `sha256:${'c'.repeat(64)}`,
  version: '1.3.0',
  reason: 'unhealthy',
  sinceTs: 1,
  bootId: NOW.bootId,
  bootMs: NOW.bootMs - 60_000,
  isDone: true,
  ...by,
});
const golden = (imageId: string): GoldenImage => ({
  imageId,
  references: [],
  version: '1.2.0',
  source: 'certified',
  sinceTs: 1,
});

const decide = (by: Partial<FallbackInput> = {}): FallbackDecision =>
  decideFallback({
    feature: 'snmp',
    standing: bad,
    before: failingFor(120_000),
    now: NOW,
    policy: POLICY,
    ledger: EMPTY_FEATURE_LEDGER,
    lockText: undefined,
    localImageId: LOCAL,
    daemonStartedMs: NOW.bootMs - 3_600_000,
    lastFallbackMs: undefined,
    ...by,
  });

describe('falling back', () => {
  test('comes when the failing time reaches the limit, not a millisecond before', () => {
    assert.equal(decide().verdict.kind, 'fall-back');
    const { verdict, requeueAtMs } = decide({ before: failingFor(119_999) });
    assert.equal(verdict.kind, 'failing');
    assert.deepEqual(verdict.kind === 'failing' && [verdict.failingMs, verdict.limitMs, verdict.isRising], [
      119_999,
      120_000,
      true,
    ]);
    assert.equal(requeueAtMs, NOW.bootMs + 1);
  });

  test('never comes at a moment that does not fail, whatever was before', () => {
    for (const standing of [well, unknown, planned])
      assert.notEqual(decide({ standing, before: failingFor(9_000_000) }).verdict.kind, 'fall-back');
  });

  test('is off as long as no policy asks for it', () => {
    const policy = policyOf({}, {});
    for (const standing of [bad, nothing, well, unknown])
      assert.equal(decide({ standing, policy }).verdict.kind, 'off');
    const { verdict, failing } = decide({ policy: policyOf({}) });
    assert.equal(verdict.kind, 'off');
    assert.equal(failing.failingMs, 0, 'switched on, it begins at nothing');
  });

  test('for nothing deployed has a limit of its own', () => {
    const at = (ms: number, policy = POLICY) =>
      decide({ standing: nothing, before: nothingFor(ms), policy }).verdict.kind;
    assert.equal(at(299_999), 'failing');
    assert.equal(at(300_000), 'fall-back');
    assert.equal(at(300_000, policyOf({ fail_time_to_fallback: '2m' }, {})), 'off');
  });
});

describe('falling back is refused', () => {
  const refused = (by: Partial<FallbackInput>): string => {
    const { verdict } = decide(by);
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
    ['without a local image', { localImageId: undefined }, /no local image/],
    ['in the cool-down', { ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallback()] } }, /in 29 min/],
    ['in the cool-down of one for nothing deployed', { lastFallbackMs: NOW.bootMs - 60_000 }, /in 29 min/],
    ['by a daemon that has just started', { daemonStartedMs: NOW.bootMs - 10_000 }, /in 50 s/],
  ];
  for (const [why, by, text] of all) {
    test(why, () => {
      assert.match(refused(by), text);
      assert.match(refused({ ...by, standing: nothing, before: nothingFor(300_000) }), text);
    });
  }

  test('once an image has been fallen back from, done or not, in whatever boot, until that is lifted', () => {
    for (const isDone of [true, false]) {
      const past = fallback({ imageId: IMAGE, bootId: 'boot-0', isDone });
      assert.match(
        refused({ ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [past] } }),
        /ctrkit unblock snmp 1\.3\.0/,
      );
    }
  });

  test('for the golden image, and for the local one: there is nothing better to go back to', () => {
    assert.match(refused({ ledger: { ...EMPTY_FEATURE_LEDGER, golden: golden(IMAGE) } }), /golden/);
    assert.match(refused({ localImageId: IMAGE }), /local one/);
    assert.equal(
      decide({ ledger: { ...EMPTY_FEATURE_LEDGER, golden: golden(LOCAL) } }).verdict.kind,
      'fall-back',
    );
  });

  test('onto a local image that was itself fallen back from', () => {
    const ledger = {
      ...EMPTY_FEATURE_LEDGER,
      golden: golden(LOCAL),
      fallbacks: [fallback({ imageId: LOCAL })],
    };
    assert.match(refused({ ledger }), /itself fallen back from/);
  });

  test('no_fallback_to_local="false" is not in the way (D20)', () => {
    const policy = policyOf({ fail_time_to_fallback: '2m' }, { no_fallback_to_local: 'false' });
    assert.equal(decide({ policy }).verdict.kind, 'fall-back');
  });

  test('what time lifts is looked at then, and only for the boot it was in', () => {
    const at = (by: Partial<Fallback>) =>
      decide({ ledger: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallback(by)] } });
    assert.equal(at({ bootMs: NOW.bootMs - 60_000 }).requeueAtMs, NOW.bootMs - 60_000 + COOL_DOWN_MS);
    assert.equal(at({ bootMs: NOW.bootMs - COOL_DOWN_MS }).verdict.kind, 'fall-back');
    assert.equal(at({ bootId: 'boot-0' }).verdict.kind, 'fall-back');
    const young = decide({ daemonStartedMs: NOW.bootMs - 10_000 });
    assert.equal(young.requeueAtMs, NOW.bootMs - 10_000 + DAEMON_GRACE_MS);
  });

  test('while it is, no more than the limit is kept: an image that got well does not go for a blip', () => {
    const locked = decide({ lockText: 'locked', before: failingFor(9_000_000) });
    assert.equal(locked.failing.failingMs, 120_000);
    const later = (ms: number) => ({ bootId: NOW.bootId, bootMs: NOW.bootMs + ms });
    const healed = decide({ before: locked.failing, standing: well, now: later(30_000) });
    const half = decide({ before: healed.failing, standing: bad, now: later(60_000) });
    assert.equal(half.failing.failingMs, 90_000);
    assert.equal(half.verdict.kind, 'failing');
  });
});

describe('what is told of what does not fail now', () => {
  test('well is well', () => {
    assert.deepEqual(decide({ standing: well }).verdict, { kind: 'well', text: 'it is healthy' });
    assert.equal(decide({ standing: planned }).verdict.kind, 'well');
  });

  test('a failure that nothing is known of at present is told as one that does not rise', () => {
    const { verdict } = decide({ standing: unknown, before: failingFor(60_000) });
    assert.equal(verdict.kind === 'failing' && verdict.isRising, false);
    assert.match(verdict.text, /it is starting; it failed before \(unhealthy\)/);
    const ledger = { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallback({ imageId: IMAGE })] };
    assert.equal(decide({ standing: unknown, before: failingFor(60_000), ledger }).verdict.kind, 'well');
  });

  test('a standing that time changes is looked at then', () => {
    assert.equal(decide({ standing: { ...well, requeueAtMs: NOW.bootMs + 7 } }).requeueAtMs, NOW.bootMs + 7);
    assert.equal(decide({ standing: planned }).requeueAtMs, undefined);
  });
});
