import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { planRelease } from '../../src/contract/gate/claim.ts';
import { RULES, type Rules } from '../support/model-check/rules.ts';
import { walk, type WalkLimits, type WalkResult } from '../support/model-check/walk.ts';
import { TICK_MS, type ModelOptions } from '../support/model-check/world.ts';

/** CTRKIT_TEST_STATES: the larger walks too, each of them over so many states at the most. */
const MOST_STATES = Number(process.env['CTRKIT_TEST_STATES'] ?? 0);
const larger = { skip: MOST_STATES === 0 && 'takes minutes and gigabytes: CTRKIT_TEST_STATES=1000000' };
/** More than there are, or than it takes to find a fault. */
const ENOUGH = 200_000;

const TWO: ModelOptions = {
  versions: ['1.0.0', '1.1.0'],
  keepsId: false,
  outages: 0,
  foreignClaims: 0,
  hasPromptGates: true,
  hasFrosts: true,
  losesAnswers: false,
};

/** The first container runs, and beats. */
const HELD = [
  '0 decides',
  '0 writes',
  'the host is asked',
  'the host answers',
  '0 decides',
  '0 writes',
  '0 beats',
];

const describeViolation = ({ violation }: WalkResult): string | undefined =>
  violation && `${violation.law}:\n  ${violation.steps.join('\n  ')}`;

/** A walk that ends at MOST_STATES has looked at all that are nearer. */
function assertLaws(t: TestContext, options: ModelOptions, limits: WalkLimits): void {
  const result = walk(options, RULES, limits);
  const { states, depth, isComplete, slowestRecovery } = result;
  t.diagnostic(
    `${states} states, ${depth} steps deep, ${isComplete ? 'all' : 'not all'}; one runs ${slowestRecovery} intervals after all is well`,
  );
  assert.equal(describeViolation(result), undefined);
  assert.ok(isComplete || limits.maxStates === MOST_STATES, `more than ${states} states`);
}

describe('in every state that two containers and a host can reach', () => {
  test('no application starts beside another one, and one runs soon after all is well', (t) => {
    assertLaws(t, TWO, { maxStates: ENOUGH });
  });

  const all = { maxStates: MOST_STATES };
  const more: Readonly<Record<string, Partial<ModelOptions>>> = {
    'where a container that is started again keeps its id': { keepsId: true },
    'where gates look when they like': { hasPromptGates: false },
    'where both have one version': { versions: ['1.0.0', '1.0.0'], hasPromptGates: false },
    'where answers to writes are lost': { losesAnswers: true },
    'where a container of the shipped kit claims, and is cleared': { foreignClaims: 1 },
    'where the database fails once (G2)': { outages: 1, hasFrosts: false },
    'where the database fails once, and processes are frozen (G2)': { outages: 1 },
    'of three containers': { versions: ['1.0.0', '1.1.0', '1.1.0'] },
  };
  for (const [name, options] of Object.entries(more))
    test(`the same ${name}`, larger, (t) => assertLaws(t, { ...TWO, ...options }, all));

  test(
    'the same where gates look when they like, and the database fails while one runs (G2)',
    larger,
    (t) => {
      assertLaws(t, { ...TWO, hasPromptGates: false, outages: 1 }, { ...all, prefix: HELD });
    },
  );
});

interface Mutant {
  readonly fault: string;
  readonly rules: Partial<Rules>;
  readonly law: RegExp;
  readonly options?: Partial<ModelOptions>;
  readonly prefix?: readonly string[];
}

const TWO_RUN = /goes while . runs/;
const NOBODY_RUNS = /nobody runs/;

const MUTANTS: readonly Mutant[] = [
  {
    fault: 'a claim that is written without a guard',
    rules: { guardVerdict: (verdict, rows) => (verdict.kind === 'go' ? [] : rows) },
    law: TWO_RUN,
  },
  {
    fault: 'a gate that takes the answer to another container for its own',
    rules: {
      decideStartup: (input) => {
        const status = { ...input.snapshot.status, pendingToken: '' };
        return RULES.decideStartup({ ...input, snapshot: { ...input.snapshot, status } });
      },
    },
    law: /goes on the answer to another container/,
  },
  {
    fault: 'a gate that takes a holder for dead an interval too early',
    rules: {
      decideStartup: ({ now, ...input }) =>
        RULES.decideStartup({ ...input, now: { ...now, bootMs: now.bootMs + TICK_MS } }),
    },
    law: TWO_RUN,
  },
  {
    fault: 'a gate that waits for ever for a container which has asked before it',
    rules: {
      decideStartup: (input) => {
        const decision = RULES.decideStartup(input);
        const { verdict } = decision;
        if (verdict.kind !== 'wait' || input.snapshot.status.remoteState !== 'ready') return decision;
        return { ...decision, verdict: { ...verdict, announce: 'nothing' } };
      },
    },
    law: NOBODY_RUNS,
  },
  {
    fault: 'a gate that asks the host only where remote_state has a value',
    rules: {
      decideStartup: (input) => {
        const decision = RULES.decideStartup(input);
        const { verdict } = decision;
        if (verdict.kind !== 'wait' || input.snapshot.status.remoteState !== '') return decision;
        return { ...decision, verdict: { ...verdict, announce: 'version' } };
      },
    },
    law: NOBODY_RUNS,
  },
  {
    fault: 'an agent that records its claim again over another live one',
    rules: { decideRenewal: () => ({ kind: 'claim-again' }) },
    law: /records its claim over a live one/,
  },
  {
    fault: 'an agent that beats without a guard',
    rules: { guardBeat: (claim) => ({ ...RULES.guardBeat(claim), values: {} }) },
    law: /beats for a record that is not its own/,
  },
  {
    fault: 'a release of whatever is on record',
    rules: {
      planReleases: (...all) =>
        RULES.planReleases(...all).map(({ guard, write }) => ({ guard: { ...guard, values: {} }, write })),
    },
    law: TWO_RUN,
  },
  {
    fault: 'a release that always writes "stopped"',
    rules: {
      planReleases: (record, claim, wallMs) => [{ guard: record, write: planRelease(claim, wallMs) }],
    },
    law: /overwrites remote_state/,
  },
  {
    fault: 'a gate that does not know of an outage',
    rules: {
      recordOutage: (before) => before,
      recordLook: (before, look) => RULES.recordLook({ ...before, lookByMs: undefined }, look),
    },
    law: TWO_RUN,
    options: { outages: 1, hasFrosts: false },
    prefix: HELD,
  },
  {
    fault: 'a gate that does not know of another server',
    rules: {
      recordLook: (before, look) => RULES.recordLook(before, { ...look, serverId: 'a', uptimeMs: Infinity }),
    },
    law: TWO_RUN,
    options: { outages: 1, hasFrosts: false },
    prefix: HELD,
  },
  {
    fault: 'a gate for which the first sight of an overdue holder is enough',
    rules: {
      recordLook: (before, look) => {
        const observation = RULES.recordLook(before, look);
        return { ...observation, goodSinceMs: observation.hadOutage ? observation.goodSinceMs : 0 };
      },
    },
    law: TWO_RUN,
    options: { outages: 1, hasFrosts: false, hasPromptGates: false },
    prefix: HELD,
  },
];

describe('the walk finds, put back:', () => {
  for (const { fault, rules, law, options, prefix = [] } of MUTANTS) {
    test(fault, (t) => {
      const result = walk({ ...TWO, ...options }, { ...RULES, ...rules }, { maxStates: ENOUGH, law, prefix });
      t.diagnostic(`${result.states} states: ${describeViolation(result) ?? 'nothing'}`);
      assert.match(result.violation?.law ?? 'none', law);
    });
  }
});
