/** Plans of faults on a switch in fake time, and the laws that hold in all of them. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { RedisFault } from './fake-redis.ts';
import { LEASE_MS, ModelSwitch } from './model-switch.ts';
import { createRandom } from './random-source.ts';

/** A hand-shake after the wait, and the way there and back. */
const HANDSHAKE_MS = 10_000;
/** Who was asked to wait for a container that was killed before it claimed waits so long (contract.md, section 3). */
const SUPERSEDED_MS = 180_000;

type Event =
  | { readonly kind: 'fault'; readonly fault: RedisFault; readonly forMs: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'move' }
  | { readonly kind: 'kill' | 'start' | 'stop'; readonly which: number }
  | { readonly kind: 'freeze'; readonly which: number; readonly forMs: number };

interface Step {
  readonly afterMs: number;
  readonly event: Event;
}

const which = fc.nat(4);
const briefly = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 90_000 }));
const fault = fc.constantFrom<RedisFault>(
  'refuses-writes',
  'refuses-reads',
  'refuses-watches',
  'is-frozen',
  'drops-after-answer',
  'loses-answers',
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fault' as const), fault, forMs: briefly }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'move' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('kill' as const, 'start' as const, 'stop' as const),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('freeze' as const), which, forMs: briefly }) },
);
const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(fc.nat(1_000), fc.nat(40_000), fc.constantFrom(500, 10_000, 30_000)),
  event,
});
interface Plan {
  readonly versions: string[];
  readonly seed: number;
  readonly steps: Step[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  versions: fc.array(fc.constantFrom('1.0.0', '1.1.0', 'master.7-abc'), { minLength: 2, maxLength: 5 }),
  seed: fc.nat(),
  steps: fc.array(step, { minLength: 1, maxLength: 10 }),
});

/** Found once by chance, and played in every run. */
const FOUND_BEFORE: readonly Plan[] = [
  // Two gates took each other's version for that of the holder, and wrote theirs in turns, 500 times a second.
  {
    versions: ['master.7-abc', 'master.7-abc', '1.0.0'],
    seed: 2_147_482_021,
    steps: [
      { afterMs: 3_667, event: { kind: 'fault', fault: 'refuses-writes', forMs: 1 } },
      { afterMs: 0, event: { kind: 'freeze', which: 1, forMs: 38_311 } },
      { afterMs: 6_730, event: { kind: 'move' } },
      { afterMs: 30_000, event: { kind: 'fault', fault: 'refuses-writes', forMs: 45_278 } },
      { afterMs: 10_000, event: { kind: 'kill', which: 1 } },
      { afterMs: 0, event: { kind: 'fault', fault: 'refuses-writes', forMs: 1 } },
    ],
  },
  // A frozen Redis for a second and a holder frozen for 20 s, one after the other: longer than what is left of a lease.
  {
    versions: ['1.0.0', '1.1.0'],
    seed: 0,
    steps: [
      { afterMs: 10_000, event: { kind: 'fault', fault: 'is-frozen', forMs: 919 } },
      { afterMs: 500, event: { kind: 'start', which: 0 } },
      { afterMs: 418, event: { kind: 'freeze', which: 0, forMs: 19_999 } },
      { afterMs: 19_998, event: { kind: 'freeze', which: 0, forMs: 1 } },
    ],
  },
];

/** In an outage of any length: 6 lines a minute and 5 requests a second, and what its beginning and its end cost. */
const mostLines = (ms: number): number => 8 + 6 * Math.ceil(ms / 60_000);
const MOST_CALM_REQUESTS = 60;
const mostRequests = (ms: number): number => 30 + (5 * ms) / 1_000;

function endFault(
  where: ModelSwitch,
  since: { ms: number; requests: number[]; lines: number[] },
  name: string,
): void {
  where.note(`${name} is over`);
  where.redis.fault = undefined;
  const ms = where.clock.bootMs() - since.ms;
  where.containers.forEach(({ id, requests, log }, i) => {
    const asked = requests - (since.requests[i] ?? 0);
    const said = log.lines.slice(since.lines[i]);
    if (asked > mostRequests(ms)) where.violations.push(`${id} asked ${asked} times in ${ms} ms: ${name}`);
    if (said.length > mostLines(ms))
      where.violations.push(
        `${id} said ${said.length} lines in ${ms} ms: ${name}: ${said.slice(-6).join('; ')}`,
      );
  });
}

function beginFault(where: ModelSwitch, name: RedisFault, forMs: number): void {
  if (where.redis.fault !== undefined) return;
  const { redis, clock, containers } = where;
  redis.fault = name;
  where.note(`${name} for ${forMs} ms`);
  const requests = containers.map((one) => one.requests);
  const lines = containers.map(({ log }) => log.lines.length);
  const since = { ms: clock.bootMs(), requests, lines };
  clock.schedule(forMs, () => {
    // Another server has none of it.
    if (where.redis === redis) endFault(where, since, name);
  });
}

function act(where: ModelSwitch, what: Event): void {
  const { containers, clock } = where;
  if (what.kind === 'fault') return beginFault(where, what.fault, what.forMs);
  if (what.kind === 'restart' || what.kind === 'move') {
    where.note(`Redis: ${what.kind}`);
    return where.replaceRedis(what.kind === 'move');
  }
  const chosen = containers[what.which % containers.length];
  if (chosen === undefined) return;
  where.note(`${chosen.id}: ${what.kind}`);
  if (what.kind === 'freeze') {
    chosen.freeze();
    clock.schedule(what.forMs, () => chosen.thaw());
  } else if (what.kind === 'stop') void chosen.stop();
  else chosen[what.kind]();
}

/** Also without an outage nobody asks without a pause. */
async function passCalmly(where: ModelSwitch, ms: number): Promise<void> {
  const before = where.containers.map(({ requests }) => requests);
  await where.pass(ms);
  where.containers.forEach(({ id, requests }, i) => {
    const asked = requests - (before[i] ?? 0);
    if (asked > MOST_CALM_REQUESTS + (5 * ms) / 1_000)
      where.violations.push(`${id} asked ${asked} times in ${ms} ms`);
  });
}

export function assertLaws(where: ModelSwitch): void {
  if (where.violations.length > 0)
    assert.fail([...where.violations, ...where.history.slice(-25)].join('\n  '));
}

/** Everybody is well from now on. */
async function recover(where: ModelSwitch): Promise<void> {
  where.redis.fault = undefined;
  for (const container of where.containers) {
    container.thaw();
    container.start();
  }
  where.note('all is well');
  await where.pass(0);
}

export async function waitUntilOneRuns(where: ModelSwitch, withinMs: number): Promise<void> {
  const fromMs = where.clock.bootMs();
  while (where.running.length === 0 && where.clock.bootMs() < fromMs + withinMs) await where.pass(500);
  assertLaws(where);
  if (where.running.length === 0)
    assert.fail(
      `nobody goes within ${withinMs} ms\n  ${where.history.slice(-25).join('\n  ')}\n  ${where.containers.map(({ id, log }) => `${id}: ${log.lines.slice(-3).join('; ')}`).join('\n  ')}`,
    );
}

async function play({ versions, seed, steps }: Plan): Promise<number> {
  const where = new ModelSwitch({ versions, random: createRandom(seed) });
  for (const container of where.containers) container.start();
  for (const { afterMs, event: what } of steps) {
    await passCalmly(where, afterMs);
    act(where, what);
    assertLaws(where);
  }
  await recover(where);
  const wasKilled = steps.some(({ event: { kind } }) => kind === 'kill' || kind === 'stop');
  await waitUntilOneRuns(where, 2 * LEASE_MS + HANDSHAKE_MS + (wasKilled ? SUPERSEDED_MS : 0));
  await passCalmly(where, 4 * LEASE_MS);
  assertLaws(where);
  assert.equal(where.running.length, 1, where.history.slice(-25).join('\n  '));
  return where.history.filter((line) => line.endsWith('goes')).length;
}

/** Returns how many applications were let go. Throws what fast-check throws, with the plan. */
export async function playPlans(parameters: { readonly numRuns: number }): Promise<number> {
  let goes = 0;
  await fc.assert(
    fc.asyncProperty(plan, async (one) => {
      goes += await play(one);
    }),
    { ...parameters, examples: FOUND_BEFORE.map((found) => [found]), includeErrorInReport: true },
  );
  return goes;
}
