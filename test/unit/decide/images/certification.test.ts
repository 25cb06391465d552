import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CertificationVerdict } from '../../../../src/contract/feature/daemon-view.ts';
import { decodeStatus } from '../../../../src/contract/feature/feature.ts';
import type { HeartbeatRecord } from '../../../../src/contract/health/heartbeat.ts';
import { decideCertification, type CertificationInput } from '../../../../src/decide/images/certification.ts';
import type { HeartbeatChain } from '../../../../src/decide/images/heartbeat-chain.ts';
import { BEAT, beatOf, imageIdOf, INTERVAL_MS, policyOf, statusOf } from '../../../support/beats.ts';

const V2 = imageIdOf(2);

/** Right after the heartbeat, with nothing amiss. */
function inputOf(
  beat: Partial<HeartbeatRecord> = {},
  changes: Partial<CertificationInput> = {},
): CertificationInput {
  const observed = beatOf(beat);
  return {
    beat: observed,
    status: statusOf(),
    isEngineAway: false,
    imageId: V2,
    rank: undefined,
    hasOpenFallback: false,
    policy: policyOf(),
    now: { bootId: 'boot-1', bootMs: (observed.beatMs ?? 0) + 20 },
    ...changes,
  };
}

/** The nth heartbeat of a start that is healthy from the first one on. */
const nth = (n: number, changes: Partial<HeartbeatRecord> = {}): Partial<HeartbeatRecord> => ({
  seq: BEAT.seq + n,
  beatMs: BEAT.beatMs + n * INTERVAL_MS,
  ...changes,
});

function watch(inputs: readonly CertificationInput[]): {
  heartbeatChain: HeartbeatChain | undefined;
  verdict: CertificationVerdict;
} {
  let heartbeatChain: HeartbeatChain | undefined;
  let verdict: CertificationVerdict = { kind: 'off', text: 'nothing was seen' };
  for (const input of inputs) ({ heartbeatChain, verdict } = decideCertification(heartbeatChain, input));
  return { heartbeatChain, verdict };
}

const chain = (count: number): CertificationInput[] =>
  Array.from({ length: count }, (_, n) => inputOf(nth(n)));

/** Since when it counts, after `inputs`; fails if it does not. */
function countingFrom(inputs: readonly CertificationInput[]): number {
  const { verdict } = watch(inputs);
  assert.equal(verdict.kind, 'counting', verdict.text);
  return verdict.kind === 'counting' ? verdict.fromMs : -1;
}

describe('an image becomes golden', () => {
  test('with the first heartbeat that is its time after the first one seen (D18)', () => {
    assert.deepEqual(watch(chain(6)).verdict, {
      kind: 'counting',
      text: 'image 000000000002 is healthy, and becomes golden after 1 min (active_time_to_mark_good) without a break',
      fromMs: BEAT.beatMs,
      neededMs: 60_000,
    });
    const { verdict } = watch(chain(7));
    assert.deepEqual(verdict, {
      kind: 'certified',
      text: 'image 000000000002 was healthy without a break for 1 min, of 1 min (active_time_to_mark_good): it becomes golden',
      healthyMs: 60_000,
    });
  });

  test('not by time that passes after the last heartbeat', () => {
    const late = inputOf(nth(5), { now: { bootId: 'boot-1', bootMs: BEAT.beatMs + 79_999 } });
    assert.equal(watch([...chain(6), late]).verdict.kind, 'counting');
  });

  test('not by health that it claims for a time when nobody watched', () => {
    const old = nth(0, { healthySinceMs: 1_000 });
    assert.equal(countingFrom([inputOf(old)]), BEAT.beatMs);
  });

  test('degraded too, as long as all that is required is ok', () => {
    const inputs = chain(7).map((input, n) =>
      n < 2 ? input : inputOf(nth(n, { status: 'degraded', reason: 'x' })),
    );
    assert.equal(watch(inputs).verdict.kind, 'certified');
  });

  test('also when one heartbeat is read many times', () => {
    assert.equal(watch(chain(7).flatMap((input) => [input, input, input])).verdict.kind, 'certified');
  });

  test('when the policy is switched on after it was healthy for long enough', () => {
    const before = chain(7).map((input) => ({ ...input, policy: policyOf({ Disable: 'true' }) }));
    assert.equal(watch(before).verdict.kind, 'off');
    assert.equal(watch([...before, inputOf(nth(6))]).verdict.kind, 'certified');
  });
});

describe('the count starts anew', () => {
  const anew: Record<string, CertificationInput> = {
    'with another token': inputOf(nth(6, { token: 'token-b' }), {
      status: statusOf({ claim_token: 'token-b' }),
    }),
    'with another image': inputOf(nth(6), { imageId: imageIdOf(3) }),
    'with a gap in which it was not healthy': inputOf(nth(9, { healthySinceMs: BEAT.beatMs + 50_001 })),
    'with a heartbeat that comes twice and is not the same': inputOf(nth(6, { seq: 6 })),
    // As many milliseconds earlier as it promises its next one later.
    'with a heartbeat that comes again for another time': inputOf(
      nth(6, { seq: 6, beatMs: BEAT.beatMs + 49_997, intervalMs: 10_001 }),
    ),
    'with a heartbeat that comes again with another promise': inputOf(
      nth(6, { seq: 6, beatMs: BEAT.beatMs + 50_000, intervalMs: 10_001 }),
    ),
    'with an older heartbeat': inputOf(nth(6, { seq: 3 })),
    'with health that is more recent than the count': inputOf(
      nth(6, { healthySinceMs: BEAT.beatMs + 50_001 }),
    ),
    'with a heartbeat that came too late': inputOf(nth(6, { beatMs: BEAT.beatMs + 80_000 })),
    'with a clock that goes backwards': inputOf(nth(6, { beatMs: BEAT.beatMs + 49_990 })),
  };
  for (const [title, last] of Object.entries(anew))
    test(title, () => assert.equal(countingFrom([...chain(6), last]), last.beat?.beatMs));

  test('but not with one that is only just in time', () => {
    assert.equal(
      watch([...chain(6), inputOf(nth(6, { beatMs: BEAT.beatMs + 79_999 }))]).verdict.kind,
      'certified',
    );
  });

  test('in another boot, whose clock begins again', () => {
    const after = { bootId: 'boot-2', beatMs: BEAT.beatMs + 60_000, seq: 7 };
    const now = { bootId: 'boot-2', bootMs: after.beatMs };
    assert.equal(countingFrom([...chain(6), inputOf(after, { now })]), after.beatMs);
  });
});

describe('nothing is earned, and nothing is lost,', () => {
  const gap = (input: CertificationInput) => [...chain(4), input, inputOf(nth(8)), inputOf(nth(9))];

  test('by heartbeats that nobody has seen (H7)', () => {
    const inputs = [...chain(4), inputOf(nth(8))];
    assert.equal(countingFrom(inputs), BEAT.beatMs + 50_000, '30 s before the gap');
    const kinds = [1, 2, 3].map(
      (n) => watch([...inputs, ...[9, 10, 11].slice(0, n).map((i) => inputOf(nth(i)))]).verdict.kind,
    );
    assert.deepEqual(kinds, ['counting', 'counting', 'certified']);
  });

  test('while the engine does not answer (H7)', () => {
    const away = inputOf(nth(5), { isEngineAway: true, imageId: undefined });
    const { verdict, heartbeatChain } = watch([...chain(4), away]);
    assert.equal(verdict.kind, 'not-counting');
    assert.match(verdict.text, /engine does not answer: the healthy time stays/);
    assert.equal(heartbeatChain?.fromMs, BEAT.beatMs);
    assert.equal(countingFrom(gap(away)), BEAT.beatMs + 50_000);
  });

  test('while STATE_DB has no record, because it was emptied (H7)', () => {
    const empty = inputOf(nth(5), { beat: undefined, status: decodeStatus({}), imageId: undefined });
    assert.match(watch([...chain(4), empty]).verdict.text, /nobody is recorded: the healthy time stays/);
    assert.equal(countingFrom(gap(empty)), BEAT.beatMs + 50_000);
  });
});

describe('nothing is earned, and what was is lost,', () => {
  const nothing: Record<string, [RegExp, CertificationInput]> = {
    'without a heartbeat': [/no heartbeat/, inputOf(nth(6), { beat: undefined })],
    'while nobody runs the feature': [
      /no container runs/,
      inputOf(nth(6), { status: statusOf({ current_owner: 'none' }) }),
    ],
    'by a container of the shipped kit': [
      /no claim token/,
      inputOf(nth(6), { status: statusOf({ claim_token: '' }) }),
    ],
    'by a container that does not hold the feature': [
      /is not that of the container/,
      inputOf(nth(6), { status: statusOf({ claim_token: 'token-b' }) }),
    ],
    'when the shipped kit has claimed for another owner': [
      /is not that of the container/,
      inputOf(nth(6), { status: statusOf({ current_owner: 'local', container_id: 'snmp' }) }),
    ],
    'by the heartbeat of another boot': [
      /another boot/,
      inputOf(nth(6), { now: { bootId: 'boot-2', bootMs: 0 } }),
    ],
    'while the engine shows no container of it': [
      /the engine shows/,
      inputOf(nth(6), { imageId: undefined }),
    ],
    'with an image id that is none': [/the engine shows/, inputOf(nth(6), { imageId: 'latest' })],
    'by an image that was fallen back from': [
      /fallen back from: .* lifted/,
      inputOf(nth(6), { hasOpenFallback: true }),
    ],
    'once the heartbeat is overdue': [
      /overdue: .* every 10 s/,
      inputOf(nth(6), { now: { bootId: 'boot-1', bootMs: BEAT.beatMs + 90_000 } }),
    ],
    'by a heartbeat from the future': [
      /future/,
      inputOf(nth(6), { now: { bootId: 'boot-1', bootMs: BEAT.beatMs + 49_999 } }),
    ],
    'after an unexpected exit': [
      /ended unexpectedly .*\(1\): only a new start/,
      inputOf(nth(6, { restarts: 1 })),
    ],
    'while it is unhealthy': [
      /is unhealthy, .*: snmpd: EXITED$/,
      inputOf(nth(6, { status: 'unhealthy', reason: 'snmpd: EXITED' })),
    ],
    'while a required check can’t be told': [
      /can’t be told/,
      inputOf(nth(6, { status: 'degraded', healthySinceMs: undefined })),
    ],
    'by health from the future': [
      /healthy_since_ms/,
      inputOf(nth(6, { healthySinceMs: BEAT.beatMs + 60_001 })),
    ],
  };
  for (const [title, [text, last]] of Object.entries(nothing))
    test(title, () => {
      const { heartbeatChain, verdict } = watch([...chain(6), last]);
      assert.equal(verdict.kind, 'not-counting');
      assert.match(verdict.text, text);
      assert.doesNotMatch(verdict.text, /\n/);
      assert.equal(heartbeatChain, undefined);
    });

  for (const status of ['starting', 'stopping', 'unhealthy'] as const)
    test(`while it is ${status}, also if it claims to be healthy`, () =>
      assert.equal(watch([inputOf({ status })]).verdict.kind, 'not-counting'));

  for (const field of ['seq', 'beatMs', 'restarts', 'status'] as const)
    test(`by a heartbeat without ${field}`, () => {
      const beat = { ...beatOf(), [field]: undefined };
      assert.equal(watch([{ ...inputOf(), beat }]).verdict.kind, 'not-counting');
    });
});

describe('nothing has to be earned', () => {
  test('by the image that is golden, also where the policy is off and whatever its health', () => {
    const rank = { kind: 'golden', text: 'image 000000000002 is golden' } as const;
    const golden = { rank, policy: policyOf({ active_time_to_mark_good: '0' }) };
    const { verdict } = watch([inputOf({ status: 'unhealthy' }, golden)]);
    assert.deepEqual(verdict, rank);
  });

  test('where the policy is off, and it says which field', () => {
    const never = watch([inputOf({}, { policy: policyOf({ active_time_to_mark_good: '0' }) })]).verdict;
    assert.match(never.text, /active_time_to_mark_good is 0/);
    assert.equal(never.kind, 'off');
    assert.match(watch([inputOf({}, { policy: policyOf({ Disable: 'true' }) })]).verdict.text, /Disable/);
  });

  test('by an image that is not known', () => {
    const { verdict } = watch([inputOf({}, { imageId: undefined })]);
    assert.equal(verdict.kind, 'not-counting');
  });
});
