import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wakeup } from '../../../src/container/wakeup.ts';

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
    assert.equal(await wakeup.sleep(LONG_MS), true);
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

  test('a sleep that was woken leaves no timer that would wake the next one', async () => {
    const wakeup = new Wakeup();
    const short = wakeup.sleep(30);
    wakeup.notify();
    await short;
    const startMs = performance.now();
    assert.equal(await wakeup.sleep(90), false);
    assert.ok(performance.now() - startMs >= 88);
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
