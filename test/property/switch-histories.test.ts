/** The laws of golden images and fallbacks, over random histories of a whole switch on fake time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { FeatureMemory } from '../../src/decide/feature/feature-memory.ts';
import { roundsOf } from '../support/run-counts.ts';
import { RULES, type Rules } from '../support/switch/daemon.ts';
import { HAPPENINGS, playHistory, type Happening, type StepCounts } from '../support/switch/history.ts';
import { NUMBERS } from '../support/switch/world.ts';

/** CTRKIT_TEST_SEED: other histories, so that a long run can be split. */
const SEED = Number(process.env['CTRKIT_TEST_SEED'] ?? 1);

/** What makes most histories: without it nothing is ever certified, and nothing fails for long. */
const OFTEN = [
  'deploy',
  'healthy',
  'nothing',
  'crashes',
  'unhealthy',
  'engine-blinks',
  'daemon-blinks',
] as const;
const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.oneof(fc.constantFrom(...OFTEN), fc.constantFrom(...HAPPENINGS)),
  image: fc.constantFrom(...NUMBERS),
  isOn: fc.boolean(),
  ticks: fc.oneof(fc.nat(4), fc.nat(40)),
});
const history = fc.array(happening, { minLength: 5, maxLength: 30, size: 'max' });

const check = (rules: Rules, counts: StepCounts, options: fc.Parameters<[Happening[]]>) =>
  fc.check(
    fc.property(history, (happenings) => playHistory(happenings, rules, counts)),
    options,
  );

const describeFailure = (found: fc.RunDetails<[Happening[]]>): string | undefined =>
  found.failed ? `${String(found.errorInstance)}\n${fc.defaultReportMessage(found)}` : undefined;

/** The memory that the last look left, changed by a fault. */
const withMemory = (change: (memory: FeatureMemory, nowMs: number) => FeatureMemory): Rules => ({
  ...RULES,
  decide: (last, input) => RULES.decide(change(last, input.now.bootMs), input),
});

describe('in every history of a switch', { timeout: 36_000_000 }, () => {
  test('a fallback has a cause, what is certified was healthy, and the ladder holds', (t) => {
    const counts: StepCounts = new Map();
    const found = check(RULES, counts, { ...roundsOf(300), seed: SEED });
    t.diagnostic([...counts].map(([kind, count]) => `${count} ${kind}`).join(', '));
    assert.equal(describeFailure(found), undefined);
    for (const kind of ['certify', 'fall-back', 'clean-up', 'finish-fallback', 'restart'])
      assert.ok((counts.get(kind) ?? 0) > 0, `${kind} was never done`);
  });
});

interface Mutant {
  readonly fault: string;
  readonly rules: Rules;
  readonly law: RegExp;
}

const MUTANTS: readonly Mutant[] = [
  {
    fault: 'an end that was asked for is blamed on the image, as a crash is',
    rules: withMemory((memory) => ({
      ...memory,
      lastEnd: memory.lastEnd && { ...memory.lastEnd, wasPlanned: false },
    })),
    law: /a fallback has a cause/,
  },
  {
    fault: 'time that nobody watched earns a certification',
    rules: {
      ...RULES,
      decide: (last, input) => {
        const { heartbeatChain: chain } = last;
        const seq = (input.reading.beat.seq ?? 0) - 1;
        const isGap = chain !== undefined && chain.seq < seq;
        const heartbeatChain = isGap ? { ...chain, seq, overdueMs: Infinity } : chain;
        return RULES.decide({ ...last, heartbeatChain }, input);
      },
    },
    law: /a certified image was healthy for its time/,
  },
  {
    fault: 'a clean-up knows the golden image alone',
    rules: {
      ...RULES,
      cleanUp: (input) =>
        RULES.cleanUp({ ...input, ledger: { ...input.ledger, previous: undefined, shipped: undefined } }),
    },
    law: /nothing on the ladder is removed/,
  },
  {
    fault: 'nobody looks again when the time has come',
    rules: { ...RULES, decide: (last, input) => ({ ...RULES.decide(last, input), requeueAtMs: undefined }) },
    law: /no state lasts longer than its deadline/,
  },
  {
    fault: 'what the switch runs for itself is certified as if Kubernetes had brought it',
    rules: {
      ...RULES,
      decide: (last, input) => {
        const { reading } = input;
        if (reading.status.currentOwner !== 'local') return RULES.decide(last, input);
        const status = { ...reading.status, currentOwner: 'kube' as const };
        const beat = { ...reading.beat, owner: 'kube' as const };
        return RULES.decide(last, { ...input, reading: { ...reading, status, beat } });
      },
    },
    law: /golden never moves down/,
  },
];

describe('the laws of a switch find', { timeout: 600_000 }, () => {
  for (const { fault, rules, law } of MUTANTS)
    test(fault, () => {
      const found = check(rules, new Map(), { numRuns: 3_000, seed: 7, endOnFailure: true });
      assert.ok(found.failed, 'no law was broken');
      assert.match(String(found.errorInstance), law);
    });
});
