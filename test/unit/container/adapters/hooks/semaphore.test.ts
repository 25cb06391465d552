import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Semaphore } from '../../../../../src/container/adapters/hooks/semaphore.ts';
import { drainEventLoop, FakeClock } from '../../../../support/fake-clock.ts';

/** Which of the promises have settled so far, and how. */
function watch(promises: readonly Promise<boolean>[]): (boolean | undefined)[] {
  const seen: (boolean | undefined)[] = promises.map(() => undefined);
  promises.forEach((promise, at) => void promise.then((mayGo) => (seen[at] = mayGo)));
  return seen;
}

describe('turns', () => {
  test('are given to so many at once, and then in the order of coming', async () => {
    const turns = new Semaphore(2, 60_000, new FakeClock());
    const seen = watch([turns.acquire(), turns.acquire(), turns.acquire(), turns.acquire()]);
    await drainEventLoop();
    assert.deepEqual(seen, [true, true, undefined, undefined]);
    turns.release();
    await drainEventLoop();
    assert.deepEqual(seen, [true, true, true, undefined]);
    turns.release();
    await drainEventLoop();
    assert.deepEqual(seen, [true, true, true, true]);
  });

  test('that were ended are free for who comes later, and no more than there were', async () => {
    const turns = new Semaphore(1, 60_000, new FakeClock());
    await turns.acquire();
    turns.release();
    const seen = watch([turns.acquire(), turns.acquire()]);
    await drainEventLoop();
    assert.deepEqual(seen, [true, undefined]);
    turns.close();
  });

  test('are not waited for longer than told, and are not lost on who went away', async () => {
    const clock = new FakeClock();
    const turns = new Semaphore(1, 10, clock);
    await turns.acquire();
    const seen = watch([turns.acquire()]);
    await clock.pass(9);
    assert.deepEqual(seen, [undefined]);
    await clock.pass(1);
    assert.deepEqual(seen, [false]);
    turns.release();
    assert.equal(await turns.acquire(), true);
  });

  test('end for all who wait or come when they are closed', async () => {
    const clock = new FakeClock();
    const turns = new Semaphore(1, 60_000, clock);
    await turns.acquire();
    const waiting = [turns.acquire(), turns.acquire()];
    turns.close();
    assert.deepEqual(await Promise.all([...waiting, turns.acquire()]), [false, false, false]);
    assert.equal(clock.timerCount, 0);
  });
});
