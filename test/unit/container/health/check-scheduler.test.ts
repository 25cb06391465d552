import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CheckScheduler } from '../../../../src/container/health/check-scheduler.ts';
import type { Check } from '../../../../src/ports/check.ts';
import { FakeCheck, FakeChecks, FAILING, OK, settled } from '../../../support/fake-check.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const PERIOD_MS = 10_000;
const YEAR_MS = 365 * 86_400_000;

/** A scheduler that has begun; each of `checks` is due. */
function setUp(...checks: readonly Check[]) {
  const clock = new FakeClock();
  const source = new FakeChecks(...checks);
  const results: string[] = [];
  const scheduler = new CheckScheduler({
    sources: [source],
    clock,
    onResult: () => results.push('result'),
  });
  scheduler.begin(clock.bootMs());
  const shown = (name: string) => scheduler.checks.find((one) => one.name === name)?.state;
  /** Later, once: what was due has been run, as far as it ends by itself. */
  const after = async (ms: number) => {
    clock.advance(ms);
    scheduler.tick(false);
    await settled();
  };
  return { clock, source, scheduler, results, shown, after };
}

describe('when checks run', () => {
  test('each at once and then at its own period, and the next time is told', async () => {
    const often = new FakeCheck('often', OK, { timing: { periodMs: 2_000 } });
    const rare = new FakeCheck('rare', OK, { timing: { periodMs: 60_000 } });
    const { clock, scheduler, after } = setUp(often, rare);
    const startMs = clock.bootMs();
    await after(0);
    assert.deepEqual([often.runs, rare.runs], [1, 1]);
    assert.equal(scheduler.tick(false), startMs + 2_000);
    await after(1_999);
    assert.equal(often.runs, 1);
    await after(1);
    assert.deepEqual([often.runs, rare.runs], [2, 1]);
  });

  test('over an hour as often as their periods say, however often it is asked: no busy loop', async () => {
    const checks = [10_000, 7_000, 60_000].map(
      (periodMs) => new FakeCheck(`every ${periodMs}`, OK, { timing: { periodMs } }),
    );
    const { clock, scheduler } = setUp(...checks);
    let ticks = 0;
    for (const endMs = clock.bootMs() + 3_600_000; clock.bootMs() < endMs; ticks++) {
      const dueMs = scheduler.tick(false);
      await settled();
      const nextMs = Math.min(dueMs, scheduler.tick(false));
      assert.ok(nextMs > clock.bootMs(), 'the next run is due in the future');
      clock.advance(nextMs - clock.bootMs());
    }
    assert.deepEqual(
      checks.map(({ runs }) => runs),
      [360, 515, 60],
    );
    assert.ok(ticks <= 935, `${ticks} ticks`);
  });

  test('those of one period come to run together, a tenth of it early at the most', async () => {
    const first = new FakeCheck('first', OK);
    const near = new FakeCheck('near', OK, { timing: { initialDelayMs: 900 } });
    const far = new FakeCheck('far', OK, { timing: { initialDelayMs: 1_100 } });
    const other = new FakeCheck('other', OK, { timing: { initialDelayMs: 900, periodMs: 20_000 } });
    const { clock, scheduler, after } = setUp(first, near, far, other);
    const startMs = clock.bootMs();
    await after(0);
    await after(900);
    await after(200);
    assert.deepEqual(
      [first, near, far, other].map(({ runs }) => runs),
      [1, 1, 1, 1],
      'no first run is early',
    );
    await after(PERIOD_MS - 1_100);
    assert.deepEqual(
      [first, near, far, other].map(({ runs }) => runs),
      [2, 2, 1, 1],
    );
    await after(1_100);
    assert.deepEqual(
      [first, near, far, other].map(({ runs }) => runs),
      [2, 2, 2, 1],
    );
    assert.equal(scheduler.tick(false), startMs + 2 * PERIOD_MS, 'from then on those two at one time');
  });

  test('not before their initial delay, counted from the start of the application', async () => {
    const check = new FakeCheck('slow', OK, { timing: { initialDelayMs: 30_000 } });
    const { scheduler, clock, after } = setUp(check);
    assert.equal(scheduler.tick(false), clock.bootMs() + 30_000);
    await after(29_999);
    assert.equal(check.runs, 0);
    await after(1);
    assert.equal(check.runs, 1);
  });

  test('again soon while the application starts, until they are ok; less and less often the longer that takes', async () => {
    const failing = new FakeCheck('failing', FAILING);
    const wanted = new FakeCheck('wanted', FAILING, { kind: 'wanted' });
    const fine = new FakeCheck('fine', OK);
    const { clock, scheduler } = setUp(failing, wanted, fine);
    const runUntil = async (endMs: number, isStarting: boolean) => {
      while (clock.bootMs() < endMs) {
        scheduler.tick(isStarting);
        await settled();
        const dueMs = scheduler.tick(isStarting);
        clock.advance(Math.min(endMs, Math.max(clock.bootMs() + 1, dueMs)) - clock.bootMs());
      }
    };
    const startMs = clock.bootMs();
    await runUntil(startMs + 5_000, true);
    assert.ok(failing.runs >= 9 && failing.runs <= 11, `${failing.runs} runs in 5 s`);
    assert.deepEqual([wanted.runs, fine.runs], [1, 1]);
    await runUntil(startMs + 60_000, true);
    assert.ok(failing.runs <= 40, `${failing.runs} runs in a minute`);
    const before = failing.runs;
    await runUntil(startMs + 120_000, false);
    assert.ok(failing.runs - before <= 8, 'at its period once it is no start-up any more');
  });

  test('an event hastens a check, but not to before its initial delay', async () => {
    const check = new FakeCheck('slow', OK, { timing: { initialDelayMs: 30_000 } });
    const { scheduler, after } = setUp(check);
    await after(1_000);
    scheduler.hasten('slow');
    await after(1_000);
    assert.equal(check.runs, 0);
    await after(28_000);
    scheduler.hasten('slow');
    await after(1);
    assert.equal(check.runs, 2);
  });

  test('hastened it runs at once, and from then on at its period again', async () => {
    const check = new FakeCheck('a');
    const { clock, scheduler, after } = setUp(check);
    await after(0);
    scheduler.hasten('a');
    scheduler.hasten('nobody');
    await after(1_000);
    assert.equal(check.runs, 2);
    assert.equal(scheduler.tick(false), clock.bootMs() + PERIOD_MS);
  });

  test('what happens during a run is looked at by another one, at once', async () => {
    const check = new FakeCheck('a');
    check.isHanging = true;
    const { scheduler, after } = setUp(check);
    await after(0);
    scheduler.hasten('a');
    check.isHanging = false;
    check.finish();
    await settled();
    await after(0);
    assert.deepEqual([check.runs, check.mostAtOnce], [2, 1]);
  });

  test('a step of the wall clock, a year forth or back, changes nothing', async () => {
    const check = new FakeCheck('a');
    const { clock, after, shown } = setUp(check);
    await after(0);
    const before = shown('a');
    for (const stepMs of [YEAR_MS, -2 * YEAR_MS]) {
      clock.stepWallClock(stepMs);
      await after(PERIOD_MS - 1);
      await after(1);
    }
    assert.equal(check.runs, 3);
    assert.equal(shown('a')?.sinceMs, before?.sinceMs);
  });
});

describe('a check that does not end', () => {
  test('is not run a second time, and keeps no other from running', async () => {
    const stuck = new FakeCheck('stuck');
    stuck.isHanging = true;
    const other = new FakeCheck('other');
    const { after } = setUp(stuck, other);
    for (let run = 0; run < 10; run++) await after(PERIOD_MS);
    assert.deepEqual([stuck.runs, other.runs], [1, 10]);
  });

  test('is unknown when it is long overdue: what it said last does not count for ever', async () => {
    const check = new FakeCheck('stuck', OK, { timing: { timeoutMs: 5_000 } });
    const { after, shown } = setUp(check);
    await after(0);
    check.isHanging = true;
    await after(PERIOD_MS);
    await after(34_999);
    assert.equal(shown('stuck')?.last.result, 'ok');
    await after(1);
    assert.deepEqual(shown('stuck')?.last, { result: 'unknown', message: 'its run does not end' });
    assert.equal(shown('stuck')?.known?.result, 'ok');
    check.isHanging = false;
    check.finish();
    await settled();
    assert.equal(shown('stuck')?.last.result, 'ok');
    assert.equal(check.runs, 2);
  });

  test('and has never told anything is unknown too, and ends the first round', async () => {
    const check = new FakeCheck('stuck');
    check.isHanging = true;
    const { scheduler, after, shown } = setUp(check);
    await after(0);
    assert.equal(scheduler.isRoundDone, false);
    await after(35_000);
    assert.equal(shown('stuck')?.last.result, 'unknown');
    assert.equal(scheduler.isRoundDone, true);
  });
});

describe('a check that breaks its promise', () => {
  const broken = (name: string, run: Check['run']): Check => Object.assign(new FakeCheck(name), { run });

  test('is unknown when its run rejects or throws, and the agent lives', async () => {
    const rejecting = broken('rejecting', () => Promise.reject(new Error('no such file')));
    const throwing = broken('throwing', () => {
      throw new Error('a defect');
    });
    const other = new FakeCheck('other');
    const { after, shown, results } = setUp(rejecting, throwing, other);
    await after(0);
    assert.deepEqual(shown('rejecting')?.last, {
      result: 'unknown',
      message: "it can't be run: no such file",
    });
    assert.equal(shown('throwing')?.last.result, 'unknown');
    assert.equal(shown('other')?.last.result, 'ok');
    assert.equal(results.length, 3);
  });

  test('is run again at its period', async () => {
    let runs = 0;
    const { after } = setUp(
      broken('rejecting', async () => {
        runs += 1;
        throw new Error('again');
      }),
    );
    for (let i = 0; i < 3; i++) await after(PERIOD_MS);
    assert.equal(runs, 3);
  });
});

describe('checks that come and go', () => {
  test('a new one runs with the next round, in the place its source gives it', async () => {
    const [first, second] = [new FakeCheck('first'), new FakeCheck('second')];
    const { source, scheduler, after } = setUp(second);
    await after(0);
    source.checks = [first, second];
    await after(1_000);
    assert.deepEqual([first.runs, second.runs], [1, 1]);
    assert.deepEqual(
      scheduler.checks.map(({ name }) => name),
      ['first', 'second'],
    );
  });

  test('one that stays keeps where it stands, and is not run for the sake of the others', async () => {
    const [kept, gone] = [new FakeCheck('kept', FAILING), new FakeCheck('gone')];
    const { source, scheduler, after, shown } = setUp(kept, gone);
    await after(0);
    const before = shown('kept');
    source.checks = [kept];
    await after(1_000);
    assert.equal(kept.runs, 1);
    assert.equal(shown('kept'), before);
    assert.deepEqual(
      scheduler.checks.map(({ name }) => name),
      ['kept'],
    );
  });

  test('one that is deleted during its run tells nothing any more', async () => {
    const check = new FakeCheck('hook', FAILING);
    check.isHanging = true;
    const { source, scheduler, after } = setUp(check);
    await after(0);
    source.checks = [];
    await after(1_000);
    check.finish();
    await settled();
    assert.deepEqual(scheduler.checks, []);
    assert.equal(scheduler.tick(false), Infinity);
  });

  test('one that is back before its run has ended is not run twice at once', async () => {
    const check = new FakeCheck('hook');
    check.isHanging = true;
    const { source, after, shown } = setUp(check);
    await after(0);
    source.checks = [];
    await after(1_000);
    source.checks = [check];
    await after(PERIOD_MS);
    assert.equal(check.mostAtOnce, 1);
    check.isHanging = false;
    check.finish();
    await settled();
    assert.equal(shown('hook')?.last.result, 'ok');
    await after(PERIOD_MS);
    assert.deepEqual([check.runs, check.mostAtOnce], [2, 1]);
  });

  test('checks of several sources are shown in the order of the sources', async () => {
    const clock = new FakeClock();
    const sources = ['a', 'b'].map((name) => new FakeChecks(new FakeCheck(name)));
    const scheduler = new CheckScheduler({ sources, clock, onResult: () => {} });
    scheduler.begin(clock.bootMs());
    scheduler.tick(false);
    assert.deepEqual(
      scheduler.checks.map(({ name }) => name),
      ['a', 'b'],
    );
    await settled();
  });
});

describe('a new start of the application', () => {
  test('makes every check unknown until it has run again, at once', async () => {
    const check = new FakeCheck('a');
    const { clock, scheduler, after, shown } = setUp(check);
    await after(0);
    assert.equal(scheduler.isRoundDone, true);
    clock.advance(1_000);
    scheduler.begin(clock.bootMs());
    assert.deepEqual([shown('a'), scheduler.isRoundDone], [undefined, false]);
    await after(0);
    assert.deepEqual([check.runs, scheduler.isRoundDone], [2, true]);
  });

  test('is told nothing by a run that began before it', async () => {
    const check = new FakeCheck('a', FAILING);
    check.isHanging = true;
    const { clock, scheduler, after, shown } = setUp(check);
    await after(0);
    scheduler.begin(clock.bootMs());
    check.isHanging = false;
    check.finish();
    await settled();
    assert.equal(shown('a'), undefined);
    check.outcome = OK;
    await after(0);
    assert.deepEqual([shown('a')?.known, check.runs, check.mostAtOnce], [OK, 2, 1]);
  });

  test('is told nothing by a check that was away meanwhile, its run under way', async () => {
    const check = new FakeCheck('a', FAILING);
    const { clock, source, scheduler, after, shown } = setUp(check);
    await after(0);
    check.isHanging = true;
    await after(PERIOD_MS);
    source.checks = [];
    await after(0);
    scheduler.begin(clock.bootMs());
    source.checks = [check];
    await after(0);
    assert.deepEqual([shown('a'), check.underWay], [undefined, 1]);
    check.finish();
    await settled();
    assert.equal(shown('a'), undefined);
  });

  test('the first round is not done before anything was asked, and is where there is nothing to check', () => {
    const { scheduler } = setUp();
    assert.equal(scheduler.isRoundDone, false);
    assert.equal(scheduler.tick(false), Infinity);
    assert.equal(scheduler.isRoundDone, true);
  });
});
