import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wakeup } from '../../../src/loop/wakeup.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const LONG_MS = 5_000;

function setUp() {
  const clock = new FakeClock();
  return { clock, wakeup: new Wakeup(clock) };
}

describe('a sleeper that can be woken', { timeout: 600_000 }, () => {
  test('something that happens while it sleeps wakes it at once', async () => {
    const { wakeup } = setUp();
    const slept = wakeup.sleep(LONG_MS);
    wakeup.notify();
    assert.equal(await slept, true);
  });

  test('what happened while it was awake is not lost: it does not fall asleep', async () => {
    const { clock, wakeup } = setUp();
    wakeup.notify();
    const slept = wakeup.sleep(LONG_MS);
    assert.equal(clock.timerCount, 0);
    assert.equal(await slept, true);
  });

  test('many things that happened wake it once', async () => {
    const { clock, wakeup } = setUp();
    for (let i = 0; i < 5; i++) wakeup.notify();
    assert.equal(await wakeup.sleep(LONG_MS), true);
    const slept = wakeup.sleep(1);
    clock.advance(1);
    assert.equal(await slept, false);
  });

  test('when it is time and nothing has happened it says so, and not before', async () => {
    const { clock, wakeup } = setUp();
    let result: boolean | undefined;
    void wakeup.sleep(20).then((hasHappened) => (result = hasHappened));
    await clock.pass(19);
    assert.equal(result, undefined);
    await clock.pass(1);
    assert.equal(result, false);
  });

  test('a sleep that was woken leaves no timer behind, which would keep its process from ending', async () => {
    const { clock, wakeup } = setUp();
    const slept = wakeup.sleep(LONG_MS);
    assert.equal(clock.timerCount, 1);
    wakeup.notify();
    await slept;
    assert.equal(clock.timerCount, 0);
  });

  test('a notification after its time is up is kept for the next sleep', async () => {
    const { clock, wakeup } = setUp();
    const slept = wakeup.sleep(1);
    clock.advance(1);
    await slept;
    wakeup.notify();
    assert.equal(await wakeup.sleep(LONG_MS), true);
  });

  test('the listener can be handed out alone', async () => {
    const { wakeup } = setUp();
    const { notify } = wakeup;
    const slept = wakeup.sleep(LONG_MS);
    notify();
    assert.equal(await slept, true);
  });
});
