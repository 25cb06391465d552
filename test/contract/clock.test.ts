import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Never slept out: whoever sleeps so long is woken. */
const LONG_MS = 3_600_000;
const SHORT_MS = 5;
/** /proc/uptime has a resolution of 10 ms, and a timer of Node.js counts whole milliseconds. */
const EARLY_MS = 11;

interface Backend {
  readonly clock: Clock;
  /** Lets time pass while `work` waits. */
  readonly letPass: <T>(work: Promise<T>) => Promise<T>;
  readonly countTimers: () => number;
}

function openFake(): Backend {
  const clock = new FakeClock();
  return {
    clock,
    letPass: async (work) => {
      await clock.pass(100);
      return work;
    },
    countTimers: () => clock.timerCount,
  };
}

const openReal = (): Backend => ({
  clock: systemClock,
  letPass: (work) => work,
  countTimers: () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
});

for (const [name, open] of [
  ['in memory', openFake],
  ['of the system', openReal],
] as const)
  describe(`the clock ${name}`, { timeout: 600_000 }, () => {
    test('a sleep ends when its time has passed', async () => {
      const { clock, letPass } = open();
      const startMs = clock.bootMs();
      await letPass(clock.sleep(3 * EARLY_MS));
      assert.ok(clock.bootMs() - startMs >= 2 * EARLY_MS);
    });

    test('a sleep of no time, or of less, ends', async () => {
      const { clock, letPass } = open();
      await letPass(Promise.all([clock.sleep(0), clock.sleep(-1)]));
    });

    test('a sleep ends when its signal aborts, is no error then, and leaves no timer behind', async () => {
      const { clock, countTimers } = open();
      const before = countTimers();
      const stop = new AbortController();
      const slept = clock.sleep(LONG_MS, stop.signal);
      assert.equal(countTimers(), before + 1);
      stop.abort(new Error('no reason for a rejection'));
      assert.equal(await slept, undefined);
      assert.equal(countTimers(), before);
    });

    test('a sleep whose signal has aborted already ends at once', async () => {
      const { clock, countTimers } = open();
      const before = countTimers();
      await clock.sleep(LONG_MS, AbortSignal.abort());
      assert.equal(countTimers(), before);
    });

    test('an abort after the end of a sleep changes nothing', async () => {
      const { clock, letPass } = open();
      const stop = new AbortController();
      await letPass(clock.sleep(SHORT_MS, stop.signal));
      stop.abort();
    });

    test('a callback is called once, when its time has passed and not before', async () => {
      const { clock, letPass } = open();
      const startMs = clock.bootMs();
      const calls: number[] = [];
      clock.schedule(3 * EARLY_MS, () => calls.push(clock.bootMs() - startMs));
      assert.deepEqual(calls, []);
      await letPass(clock.sleep(6 * EARLY_MS));
      assert.equal(calls.length, 1);
      assert.ok(Number(calls[0]) >= 2 * EARLY_MS);
    });

    test('a callback is never called before schedule has returned, nor for a time that is over', async () => {
      const { clock, letPass } = open();
      let calls = 0;
      for (const ms of [0, -SHORT_MS]) clock.schedule(ms, () => (calls += 1));
      assert.equal(calls, 0);
      await letPass(clock.sleep(SHORT_MS));
      assert.equal(calls, 2);
    });

    test('a callback that is cancelled is not called, and leaves no timer behind', async () => {
      const { clock, letPass, countTimers } = open();
      const before = countTimers();
      let isCalled = false;
      const cancel = clock.schedule(SHORT_MS, () => (isCalled = true));
      cancel();
      cancel();
      assert.equal(countTimers(), before);
      await letPass(clock.sleep(4 * SHORT_MS));
      assert.equal(isCalled, false);
    });

    test('callbacks are called in the order in which they are due', async () => {
      const { clock, letPass } = open();
      const calls: string[] = [];
      clock.schedule(40, () => calls.push('late'));
      clock.schedule(1, () => calls.push('early'));
      await letPass(clock.sleep(60));
      assert.deepEqual(calls, ['early', 'late']);
    });

    test('a wait that is longer than a timer can be is a long one, and not over at once', async () => {
      const { clock, letPass, countTimers } = open();
      const before = countTimers();
      const calls: number[] = [];
      const cancels = [2 ** 31, Number.MAX_SAFE_INTEGER, Infinity].map((ms) =>
        clock.schedule(ms, () => calls.push(ms)),
      );
      await letPass(clock.sleep(4 * SHORT_MS));
      for (const cancel of cancels) cancel();
      assert.deepEqual(calls, []);
      assert.equal(countTimers(), before);
    });
  });
