import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { hasRecordedHolder } from '../../src/contract/feature/feature.ts';
import { planRelease } from '../../src/contract/gate/claim.ts';
import type { Progress } from '../../src/decide/gate/startup-types.ts';
import { RULES, type Rules } from '../support/model-check/rules.ts';
import { walk, type WalkLimits, type WalkResult } from '../support/model-check/walk.ts';
import { TICK_MS, type ModelOptions } from '../support/model-check/world.ts';

/** CTRKIT_TEST_STATES: the larger walks too, each of them over so many states at the most. */
const MOST_STATES = Number(process.env['CTRKIT_TEST_STATES'] ?? 0);
const larger = { skip: MOST_STATES === 0 && 'takes minutes and gigabytes: CTRKIT_TEST_STATES=1000000' };
/** More than there are, or than it takes to find a fault. */
const ENOUGH = 200_000;

/** Where gates are atomic, and no process is frozen, there are fewer states: the larger walks take all steps apart. */
const TWO: ModelOptions = {
  versions: ['1.0.0', '1.1.0'],
  keepsId: false,
  outages: 0,
  foreignClaims: 0,
  hasPromptGates: true,
  hasFrosts: true,
  hasAtomicGates: false,
  losesAnswers: false,
};
const ATOMIC = { hasAtomicGates: true, hasFrosts: false };
/** Neither one is the higher: they hold back nobody. */
const UNCOMPARABLE = ['1.0.0', 'master.7-abc'];
/** Which of them is which makes no difference. */
const ALIKE = ['1.0.0', '1.0.0'];

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

/** A walk that ends at the states it was given, but for ENOUGH, has looked at all that are nearer. */
function assertLaws(t: TestContext, options: Partial<ModelOptions>, limits: WalkLimits): void {
  const result = walk({ ...TWO, ...options }, RULES, limits);
  const { states, depth, isComplete, wellStates, slowestRecovery, mostWrites } = result;
  t.diagnostic(
    `${states} states, ${depth} steps deep, ${isComplete ? 'all' : 'not all'}; where all is well one runs after ${slowestRecovery} intervals in each of ${wellStates}; ${mostWrites} writes between two ticks`,
  );
  assert.equal(describeViolation(result), undefined);
  assert.ok(isComplete || limits.maxStates !== ENOUGH, `more than ${states} states`);
}

describe('in every state that containers and a host can reach', { timeout: 36_000_000 }, () => {
  const every: Readonly<Record<string, Partial<ModelOptions>>> = {
    'two of them, whose processes are frozen, too': { hasAtomicGates: true },
    'two whose versions can not be compared': { ...ATOMIC, versions: UNCOMPARABLE },
    'two, and the database fails once (G2)': { ...ATOMIC, versions: ALIKE, outages: 1 },
  };
  for (const [name, options] of Object.entries(every))
    test(`no application starts beside another one, one runs soon after all is well, and nobody writes for ever: ${name}`, (t) => {
      assertLaws(t, options, { maxStates: ENOUGH });
    });

  /**
   * Nearer than violations that are known (docs/known-defects.md): two refusals of writes, of which a gate that began in the first
   * does not look in the second; and one that was replaced in a frost is the first on record after FLUSHALL, is restarted, and goes
   * before the rightful one has beaten again.
   */
  const bounds: Readonly<Record<string, number>> = {
    'where the database fails twice (G2)': 300_000,
    'where the database fails once, and processes are frozen (G2)': 530_000,
  };
  const more: Readonly<Record<string, Partial<ModelOptions>>> = {
    'where all of that comes apart': {},
    'where a container that is started again keeps its id': { keepsId: true },
    'where gates look when they like': { hasPromptGates: false },
    'where both have one version': { versions: ALIKE, hasPromptGates: false },
    'where answers to writes are lost': { losesAnswers: true },
    'where a container of the shipped kit claims, and is cleared': {
      ...ATOMIC,
      versions: UNCOMPARABLE,
      foreignClaims: 1,
    },
    'where the database fails once (G2)': { ...ATOMIC, outages: 1 },
    'where the database fails twice (G2)': { ...ATOMIC, versions: ALIKE, outages: 2 },
    'where the database fails once, and gates look when they like (G2)': {
      ...ATOMIC,
      versions: ALIKE,
      outages: 1,
      hasPromptGates: false,
    },
    'where the database fails once, and processes are frozen (G2)': {
      hasAtomicGates: true,
      versions: ALIKE,
      outages: 1,
    },
    'of three containers that are alike': { ...ATOMIC, versions: [...ALIKE, '1.0.0'] },
    'of three containers': { ...ATOMIC, versions: ['1.0.0', '1.1.0', '1.1.0'] },
    'of three containers, where the database fails once': {
      ...ATOMIC,
      versions: [...ALIKE, '1.0.0'],
      outages: 1,
    },
  };
  for (const [name, options] of Object.entries(more))
    test(`the same ${name}`, larger, (t) =>
      assertLaws(t, options, { maxStates: Math.min(MOST_STATES, bounds[name] ?? Infinity) }),
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
const LIVELOCK = /a livelock/;
/** As HELD, of atomic gates. */
const HELD_AT_ONCE = HELD.filter((step) => step !== '0 decides');
const RESTART = { options: { ...ATOMIC, outages: 1 }, prefix: HELD_AT_ONCE };
/** The second container is let in, but for the first one. */
const ANSWERED = [...HELD_AT_ONCE, 'time passes', '1 writes', 'the host is asked', 'the host answers'];
const REFUSES = 'the database refuses writes';
const EMPTIED = 'the database is emptied';
/** The first one is frozen for a lease, and thaws as the second one goes. */
const REPLACED_FROZEN = [
  '0 freezes',
  '1 writes',
  'the host is asked',
  'the host answers',
  'time passes',
  '1 decides',
  'time passes',
  '1 decides',
  'time passes',
  '0 thaws',
  '1 writes',
];
const OUTAGE = { options: RESTART.options, prefix: [...ANSWERED, REFUSES] };
/** A gate may look late: between two looks an outage may have been, and gone. */
const LATE = { ...RESTART.options, hasPromptGates: false };
/** The second container has asked before the first one, which runs now. */
const HELD_LATER = [
  '1 writes',
  'the host is asked',
  'the host answers',
  '0 decides',
  'time passes',
  ...HELD_AT_ONCE,
];

/** A `ready` for another container was first seen long ago. */
const beginAsking = (progress: Progress, nowMs: number): Progress =>
  progress.kind === 'waiting' ? { ...progress, foreignReadySinceMs: nowMs - 10 * TICK_MS } : progress;

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
    options: { hasAtomicGates: true },
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
    options: { hasAtomicGates: true },
  },
  {
    fault: 'an agent that beats without a guard',
    rules: { guardBeat: (claim) => ({ ...RULES.guardBeat(claim), values: {} }) },
    law: /beats for a record that is not its own/,
    options: { hasAtomicGates: true },
  },
  {
    fault: 'a release of whatever is on record',
    rules: {
      planReleases: (...all) =>
        RULES.planReleases(...all).map(({ guard, write }) => ({ guard: { ...guard, values: {} }, write })),
    },
    law: TWO_RUN,
    options: { hasAtomicGates: true },
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
    ...OUTAGE,
  },
  {
    fault: 'a gate that does not know of another server',
    rules: {
      recordLook: (before, look) => RULES.recordLook(before, { ...look, serverId: 'a', uptimeMs: Infinity }),
    },
    law: TWO_RUN,
    ...RESTART,
  },
  {
    fault: 'a lease that runs out in an outage too: what an observer has seen is passed over',
    rules: {
      decideStartup: ({ observation, ...input }) => {
        const goodSinceMs = hasRecordedHolder(input.snapshot.status) ? -Infinity : observation.goodSinceMs;
        return RULES.decideStartup({ ...input, observation: { ...observation, goodSinceMs } });
      },
    },
    law: TWO_RUN,
    ...OUTAGE,
  },
  {
    fault: 'a record that is lost, and not waited for',
    rules: {
      decideStartup: ({ observation, snapshot, ...input }) => {
        if (hasRecordedHolder(snapshot.status))
          return RULES.decideStartup({ ...input, snapshot, observation });
        const trusting = { ...observation, hadOutage: false, hasServerChanged: false };
        const heartbeat = { ...snapshot.heartbeat, token: '' };
        const trusted = { ...snapshot, heartbeat };
        return RULES.decideStartup({ ...input, snapshot: trusted, observation: trusting });
      },
    },
    law: TWO_RUN,
    ...RESTART,
  },
  {
    fault: 'a release that is believed of another server',
    rules: {
      decideStartup: ({ observation, ...input }) => {
        const hasServerChanged =
          input.snapshot.status.currentOwner !== 'none' && observation.hasServerChanged;
        return RULES.decideStartup({ ...input, observation: { ...observation, hasServerChanged } });
      },
    },
    law: TWO_RUN,
    ...RESTART,
  },
  {
    fault: 'a look that comes too late, and is taken for one in time',
    rules: { recordLook: (before, look) => RULES.recordLook({ ...before, lookByMs: undefined }, look) },
    law: TWO_RUN,
    options: LATE,
    prefix: [...ANSWERED, REFUSES],
  },
  {
    fault: 'a holder that is seen first when it is overdue, by a gate that looked before',
    rules: {
      recordLook: (before, look) => {
        const { status } = look;
        const holder = hasRecordedHolder(status) ? `${status.dockerId}/${status.claimToken}` : before.holder;
        return RULES.recordLook({ ...before, holder }, look);
      },
    },
    law: TWO_RUN,
    options: LATE,
    prefix: [...HELD_LATER, REFUSES],
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
    options: LATE,
    prefix: [...HELD_AT_ONCE, REFUSES],
  },
  {
    fault: 'a gate that takes no owner at all for a release',
    rules: {
      decideStartup: ({ snapshot, ...input }) => {
        const status = { ...snapshot.status, currentOwner: snapshot.status.currentOwner || 'none' };
        return RULES.decideStartup({ ...input, snapshot: { ...snapshot, status } });
      },
    },
    law: TWO_RUN,
    ...RESTART,
  },
  {
    fault: 'a gate that waits for a lost record, and sees no outage meanwhile',
    rules: {
      decideStartup: (input) => {
        const decision = RULES.decideStartup(input);
        return hasRecordedHolder(input.snapshot.status) ? decision : { ...decision, lookByMs: undefined };
      },
    },
    law: TWO_RUN,
    options: { ...ATOMIC, versions: ALIKE, outages: 2 },
    prefix: [...HELD_AT_ONCE, EMPTIED, '1 decides', 'time passes', '1 decides', REFUSES],
  },
  {
    fault: 'an agent that was frozen for a lease, and records itself again where nobody is on record',
    rules: { decideRenewal: (input) => RULES.decideRenewal({ ...input, wasFrozen: false }) },
    law: TWO_RUN,
    options: { hasAtomicGates: true, versions: ALIKE, outages: 1 },
    prefix: [...HELD_AT_ONCE, ...REPLACED_FROZEN, EMPTIED],
  },
  {
    fault: 'a gate for which the version of the old holder is never a question',
    rules: {
      decideStartup: (input) => {
        const { snapshot, progress, self } = input;
        const { status } = snapshot;
        const isOldHolders =
          progress.kind !== 'new' && status.containerVersion === progress.holderVersionAtStart;
        if (!isOldHolders || status.remoteState !== 'pending') return RULES.decideStartup(input);
        const own = { ...snapshot, status: { ...status, pendingToken: self.token } };
        return RULES.decideStartup({ ...input, snapshot: own });
      },
    },
    law: LIVELOCK,
    options: { ...ATOMIC, versions: UNCOMPARABLE },
  },
  {
    fault: 'gates that ask again at once for an answer to another container',
    rules: {
      decideStartup: (input) =>
        RULES.decideStartup({ ...input, progress: beginAsking(input.progress, input.now.bootMs) }),
    },
    law: LIVELOCK,
    options: { ...ATOMIC, versions: ALIKE },
  },
  {
    fault: 'gates of which each asks again as soon as it sees the answer to the other one',
    rules: {
      decideStartup: (input) => {
        const { status } = input.snapshot;
        const decision = RULES.decideStartup(input);
        const { verdict } = decision;
        const isOthers = status.pendingToken !== '' && status.pendingToken !== input.self.token;
        if (verdict.kind !== 'wait' || !isOthers) return decision;
        return { ...decision, verdict: { ...verdict, announce: 'pending' } };
      },
    },
    law: NOBODY_RUNS,
    options: { ...ATOMIC, versions: ALIKE },
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
