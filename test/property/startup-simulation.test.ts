import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { healthRow } from '../../src/contract/rows.ts';
import { FEATURE, ModelSwitch, type ModelContainer } from '../support/gate-model.ts';
import { runsOf } from '../support/run-counts.ts';

/** The longest that a container waits for another's turn that never comes, and a hand-shake after it. */
const SETTLED_MS = 400_000;

const versions = fc.array(fc.constantFrom('1.0.0', '1.1.0', 'master.7-abc'), { minLength: 2, maxLength: 5 });

type Action =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'host' }
  | { readonly kind: 'settle'; readonly rounds: number }
  | { readonly kind: 'start' | 'step' | 'kill' | 'freeze' | 'thaw' | 'stop'; readonly which: number };

const which = fc.nat(4);
const one = <K extends 'start' | 'step' | 'kill' | 'freeze' | 'thaw' | 'stop'>(kind: K) =>
  fc.record({ kind: fc.constant(kind), which });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: one('step') },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('host' as const) }) },
  { weight: 3, arbitrary: one('start') },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(1_000), fc.nat(40_000), fc.constantFrom(500, 10_000, 29_999, 30_000, 180_000)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), rounds: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: one('kill') },
  { weight: 2, arbitrary: one('freeze') },
  { weight: 2, arbitrary: one('thaw') },
  { weight: 1, arbitrary: one('stop') },
);

const assertOneAtMost = (where: ModelSwitch): void =>
  assert.ok(where.liveHolders.length <= 1, 'two live holders');

async function act(where: ModelSwitch, what: Action): Promise<void> {
  const { containers } = where;
  const chosen = 'which' in what ? containers[what.which % containers.length] : undefined;
  switch (what.kind) {
    case 'pass':
      where.clock.advance(what.ms);
      break;
    case 'host':
      where.stepHost();
      break;
    case 'settle':
      for (let round = 0; round < what.rounds; round++) {
        where.stepHost();
        for (const container of containers) await container.step();
        assertOneAtMost(where);
      }
      break;
    case 'stop':
    case 'step':
      await chosen?.[what.kind]();
      break;
    case 'start':
    case 'kill':
    case 'freeze':
    case 'thaw':
      chosen?.[what.kind]();
  }
}

/** Nothing fails any more: time goes on until the condition holds; milliseconds that it took. */
async function settle(where: ModelSwitch, condition: () => boolean): Promise<number> {
  const startMs = where.nowMs;
  while (where.nowMs < startMs + SETTLED_MS) {
    await where.stepAll();
    assertOneAtMost(where);
    if (condition()) return where.nowMs - startMs;
    where.clock.advance(500);
  }
  return Infinity;
}

describe('many containers, a host, kills, frosts and stops in any order', () => {
  test('there are never two live holders that were both let in (D5, D6)', async () => {
    let goes = 0;
    await fc.assert(
      fc.asyncProperty(
        versions,
        fc.array(action, { minLength: 20, maxLength: 120 }),
        async (some, actions) => {
          const where = new ModelSwitch(some);
          // Where there is no owner at all, a gate that looks as seldom as some do here never gets over its first wait.
          where.put({ current_owner: 'none' });
          for (const container of where.containers) container.start();
          for (const what of actions) {
            await act(where, what);
            assertOneAtMost(where);
            goes += where.running.length;
          }
        },
      ),
      runsOf(1_500),
    );
    // A law about containers that are let in says nothing if none ever is.
    assert.ok(goes > 1_000, `${goes} steps with a container that runs`);
  });

  test('when nothing fails any more and the host answers, exactly one goes, and stays (D5, D6, D7)', async () => {
    await fc.assert(
      fc.asyncProperty(versions, fc.array(action, { maxLength: 60 }), async (some, actions) => {
        const where = new ModelSwitch(some);
        for (const container of where.containers) container.start();
        for (const what of actions) await act(where, what);
        const isSettled = () => where.running.length === 1 && where.liveHolders.length === 1;
        assert.notEqual(await settle(where, isSettled), Infinity, 'nobody goes');
        const [holder] = where.running;
        const endMs = where.nowMs + 100_000;
        await settle(where, () => where.nowMs >= endMs || !isSettled());
        assert.deepEqual(where.running, [holder] as ModelContainer[]);
      }),
      runsOf(150),
    );
  });
});

describe('a container alone, whatever a killed one of the kit left behind', () => {
  const text = (...values: readonly string[]) => fc.constantFrom(...values);
  const leftovers = fc.record({
    status: fc.record({
      current_owner: text('', 'none', 'kube', 'local'),
      docker_id: text('', 'unknown', 'bbbbbbbbbbbb'),
      container_version: text('', '0.9.0', '1.0.0', '1.1.0', 'master.7-abc'),
      remote_state: text('', 'none', 'pending', 'ready', 'running', 'stopped'),
      claim_token: text('token-b'),
      claim_boot_id: text('', 'boot-1', 'boot-0'),
      pending_token: text('', 'token-b', 'token-c'),
    }),
    claimAgoMs: fc.nat(40_000),
    beatAgoMs: fc.option(fc.nat(40_000), { nil: undefined }),
  });

  test('goes as soon as what is left is overdue: within half a minute and a hand-shake (D6, D10)', async () => {
    await fc.assert(
      fc.asyncProperty(leftovers, async ({ status, claimAgoMs, beatAgoMs }) => {
        const where = new ModelSwitch(['1.0.0']);
        const { docker_id } = status;
        const ago = (ms: number) => String(where.nowMs - ms);
        where.put({ ...status, container_id: docker_id, claim_ms: ago(claimAgoMs) });
        if (beatAgoMs !== undefined)
          where.databases.put(healthRow(FEATURE), {
            token: 'token-b',
            beat_ms: ago(beatAgoMs),
            interval_ms: '10000',
          });
        const isHeld = ['kube', 'local'].includes(status.current_owner) && docker_id !== '';
        const isOfThisBoot = status.claim_boot_id !== 'boot-0';
        const youngestMs = Math.min(claimAgoMs, beatAgoMs ?? Infinity);
        // The first sight of a holder is confirmed after an interval; so is that of no owner, where a heartbeat counts alone.
        const behindHolderMs = isHeld && isOfThisBoot ? Math.max(10_000, 30_000 - youngestMs) : 0;
        const isVanished = !isHeld && status.current_owner !== 'none';
        const blockedMs = isVanished ? Math.max(11_500, 30_000 - (beatAgoMs ?? Infinity)) : behindHolderMs;
        const tookMs = await settle(where, () => where.running.length === 1);
        assert.ok(tookMs <= blockedMs + 3_000, `${tookMs} ms, of which ${blockedMs} ms behind the other`);
        assert.ok(tookMs >= blockedMs, `${tookMs} ms: beside a live holder of ${blockedMs} ms more`);
      }),
      runsOf(1_000),
    );
  });
});
