import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ProcessHeartbeatsCheck } from '../../src/container/health/processes/process-heartbeats-check.ts';
import { ProcessWatch } from '../../src/container/health/processes/process-watch.ts';
import { DEFAULT_TIMING, type CheckOutcome } from '../../src/contract/health/check.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeProcessTable } from '../support/fake-process-table.ts';
import { processStatus } from '../support/process-status.ts';
import { runsOf } from '../support/run-counts.ts';

const { periodMs } = DEFAULT_TIMING;
const STEP_MS = 500;
/** Of supervisord's life between two steps. */
type Happening = 'nothing' | 'stall' | 'go on' | 'restart' | 'pause';

/** One process under one supervisord, looked at each period; both live in steps. */
class Scene {
  readonly clock = new FakeClock();
  readonly #table = new FakeProcessTable([processStatus('p', 'RUNNING')]);
  readonly #check: ProcessHeartbeatsCheck;
  #pid = 100;
  #dueMs = 0;

  constructor(heartbeatIntervalMs: number, alertIntervalMs: number) {
    const { clock } = this;
    const listWatched = () => [{ kind: 'program', name: 'p' }] as const;
    const watch = new ProcessWatch({ table: this.#table, clock }, listWatched);
    const intervalsOf = () => ({ heartbeatIntervalMs, alertIntervalMs });
    this.#check = new ProcessHeartbeatsCheck(
      { watch, clock, listWatched, intervalsOf, isRebooting: () => false },
      DEFAULT_TIMING,
    );
  }

  get isStalled(): boolean {
    return this.#table.isStalled;
  }

  beat(): void {
    const payload = { processname: 'p', groupname: 'p', pid: String(this.#pid) };
    this.#check.applyEvent({ name: 'PROCESS_COMMUNICATION_STDOUT', payload });
  }

  happen(happening: Happening): void {
    if (happening === 'stall') this.#table.isStalled = true;
    if (happening === 'go on') this.#table.isStalled = false;
    if (happening === 'restart') this.#table.run('p', (this.#pid += 1));
    if (happening === 'pause') this.clock.advance(10 * periodMs);
  }

  /** The outcome, if a run was due. */
  async step(): Promise<CheckOutcome | undefined> {
    this.clock.advance(STEP_MS);
    if (this.clock.bootMs() < this.#dueMs) return undefined;
    this.#dueMs = this.clock.bootMs() + periodMs;
    return await this.#check.run();
  }
}

const intervals = fc
  .tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 120 }))
  .map(([heartbeat, more]) => ({ heartbeatMs: heartbeat * STEP_MS, alertMs: (heartbeat + more) * STEP_MS }));
const happenings = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.constant<Happening>('nothing') },
    { weight: 1, arbitrary: fc.constantFrom<Happening>('stall', 'go on', 'restart', 'pause') },
  ),
  { minLength: 200, maxLength: 600 },
);

test('a process whose beats arrive within its interval is never dead, whatever happens to supervisord and agent', async () => {
  await fc.assert(
    fc.asyncProperty(intervals, happenings, async ({ heartbeatMs, alertMs }, story) => {
      const scene = new Scene(heartbeatMs, alertMs);
      let beatMs = 0;
      let wasStalled = false;
      for (const happening of story) {
        scene.happen(happening);
        // A stalled supervisord passes nothing on; what has waited comes a little after it goes on, or is asked.
        const isPassed = !scene.isStalled && !wasStalled;
        if (isPassed && scene.clock.bootMs() >= beatMs + heartbeatMs - STEP_MS) {
          scene.beat();
          beatMs = scene.clock.bootMs();
        }
        wasStalled = scene.isStalled;
        assert.notEqual((await scene.step())?.result, 'failing');
      }
    }),
    runsOf(200),
  );
});

test('a process that beats no more is found within its alert interval and two periods', async () => {
  await fc.assert(
    fc.asyncProperty(
      intervals,
      fc.integer({ min: 0, max: 100 }),
      async ({ heartbeatMs, alertMs }, beatingSteps) => {
        const scene = new Scene(heartbeatMs, alertMs);
        await scene.step();
        for (let step = 0; step < beatingSteps; step += 1) {
          scene.beat();
          await scene.step();
        }
        let found: CheckOutcome | undefined;
        const limitMs = scene.clock.bootMs() + alertMs + 2 * periodMs + STEP_MS;
        while (found === undefined && scene.clock.bootMs() <= limitMs) {
          const outcome = await scene.step();
          if (outcome?.result === 'failing') found = outcome;
        }
        assert.ok(found?.result === 'failing', 'not found');
        assert.equal(found.isMendedByRestart, beatingSteps > 0);
      },
    ),
    runsOf(200),
  );
});
