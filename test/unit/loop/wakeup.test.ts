import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wakeup } from '../../../src/loop/wakeup.ts';

/** Slept out only by a sleeper that is not woken, and then it says so. */
const LONG_MS = 5_000;

describe('a sleeper that can be woken', { timeout: 30_000 }, () => {
  test('something that happens while it sleeps wakes it at once', async () => {
    const wakeup = new Wakeup();
    const slept = wakeup.sleep(LONG_MS);
    wakeup.notify();
    assert.equal(await slept, true);
  });

  test('what happened while it was awake is not lost: it does not fall asleep', async () => {
    const wakeup = new Wakeup();
    wakeup.notify();
    const startMs = performance.now();
    assert.equal(await wakeup.sleep(LONG_MS), true);
    assert.ok(performance.now() - startMs < LONG_MS / 2);
  });

  test('many things that happened wake it once', async () => {
    const wakeup = new Wakeup();
    for (let i = 0; i < 5; i++) wakeup.notify();
    assert.equal(await wakeup.sleep(LONG_MS), true);
    assert.equal(await wakeup.sleep(1), false);
  });

  test('when it is time and nothing has happened it says so, and not before', async () => {
    const wakeup = new Wakeup();
    const startMs = performance.now();
    assert.equal(await wakeup.sleep(20), false);
    // Timers of Node.js count whole milliseconds from a clock of their own.
    assert.ok(performance.now() - startMs >= 18);
  });

  test('a sleep that was woken leaves no timer behind, which would keep its process from ending', async () => {
    const countTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = countTimers();
    const wakeup = new Wakeup();
    const slept = wakeup.sleep(LONG_MS);
    assert.equal(countTimers(), before + 1);
    wakeup.notify();
    await slept;
    assert.equal(countTimers(), before);
  });

  test('a notification after its time is up is kept for the next sleep', async () => {
    const wakeup = new Wakeup();
    await wakeup.sleep(1);
    wakeup.notify();
    assert.equal(await wakeup.sleep(LONG_MS), true);
  });

  test('the listener can be handed out alone', async () => {
    const wakeup = new Wakeup();
    const { notify } = wakeup;
    const slept = wakeup.sleep(LONG_MS);
    notify();
    assert.equal(await slept, true);
  });
});
