import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../src/contract/errors.ts';
import { featureStatusRow } from '../../../src/contract/rows.ts';
import { WatchLoop, type ReconcileResult, type Session } from '../../../src/loop/watch-loop.ts';
import type { RowStore } from '../../../src/ports/row-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeDatabases } from '../../support/fake-row-store.ts';

const STATUS = featureStatusRow('snmp');
const ASLEEP: ReconcileResult<string> = { kind: 'sleep', rows: [STATUS], requeueAtMs: undefined };

/** A loop on databases and a clock of its own, which reads a row and then does what the test wants. */
class TestLoop {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(this.clock.bootMs);
  /** When it reconciled, milliseconds after the start; and what it read. */
  readonly readings: { readonly atMs: number; readonly state: string }[] = [];
  readonly outages: string[] = [];
  readonly refusals: string[] = [];
  recoveries = 0;
  readonly openStores = new Set<RowStore>();
  next: (state: string) => ReconcileResult<string> = () => ASLEEP;
  canBeOrphaned = true;
  isOrphaned = false;
  result: unknown;
  readonly #startMs = this.clock.bootMs();

  start(): void {
    const loop = new WatchLoop<Session, string>(
      {
        open: () => this.#open(),
        reconcile: async ({ store }) => {
          const [row] = await store.read([{ address: STATUS, fields: ['remote_state'] }]);
          const state = row?.values['remote_state'] ?? '';
          this.readings.push({ atMs: this.clock.bootMs() - this.#startMs, state });
          return this.next(state);
        },
        isOutage: ({ code }) => code === 'database',
        reportOutage: ({ message }) => this.outages.push(message),
        reportRecovery: () => (this.recoveries += 1),
        reportRefusal: (refusal) => this.refusals.push(refusal),
        ...(this.canBeOrphaned ? { findOrphaned: () => (this.isOrphaned ? 'orphaned' : undefined) } : {}),
      },
      { clock: this.clock, random: () => 0.999_999 },
    );
    void loop.run().then(
      (result) => (this.result = result),
      (error: unknown) => (this.result = error),
    );
  }

  get times(): number[] {
    return this.readings.map(({ atMs }) => atMs);
  }

  #open(): Session {
    const store = this.databases.open();
    this.openStores.add(store);
    const close = store.close.bind(store);
    const closeAndForget = (): void => {
      this.openStores.delete(store);
      close();
    };
    return { store: Object.assign(store, { close: closeAndForget }) };
  }
}

describe('a loop that reconciles', () => {
  test('reads, subscribes, reads once more, and sleeps then', async () => {
    const fake = new TestLoop();
    fake.start();
    await fake.clock.pass(4_999);
    assert.deepEqual(fake.times, [0, 0]);
  });

  test('a change between the first reading and the subscription is not lost', async () => {
    const fake = new TestLoop();
    fake.next = (state) => {
      if (fake.readings.length === 1) fake.databases.put(STATUS, { remote_state: 'ready' });
      return state === 'ready' ? { kind: 'done', value: 'go' } : ASLEEP;
    };
    fake.start();
    await fake.clock.pass(0);
    assert.equal(fake.result, 'go');
  });

  test('a change wakes it at once', async () => {
    const fake = new TestLoop();
    fake.start();
    await fake.clock.pass(1_234);
    fake.databases.put(STATUS, { remote_state: 'ready' });
    await fake.clock.pass(0);
    assert.deepEqual(fake.readings.at(-1), { atMs: 1_234, state: 'ready' });
    assert.equal(fake.readings.length, 3);
  });

  test('without a change it reconciles every five seconds: a server may tell of none', async () => {
    const fake = new TestLoop();
    fake.start();
    await fake.clock.pass(15_000);
    assert.deepEqual(fake.times, [0, 0, 5_000, 10_000, 15_000]);
  });

  test('where time alone changes something, it reconciles then, and at once where that is over', async () => {
    const fake = new TestLoop();
    const dueMs = fake.clock.bootMs() + 700;
    fake.next = () =>
      fake.readings.length > 4 ? ASLEEP : { kind: 'sleep', rows: [STATUS], requeueAtMs: dueMs };
    fake.start();
    await fake.clock.pass(1_000);
    assert.deepEqual(fake.times, [0, 0, 700, 700, 700]);
  });

  test('a requeue reconciles again after its time, without a subscription and whatever changes', async () => {
    const fake = new TestLoop();
    fake.next = () => {
      if (fake.readings.length === 1) return { kind: 'requeue', afterMs: 0 };
      return fake.readings.length === 2 ? { kind: 'requeue', afterMs: 2_500 } : ASLEEP;
    };
    fake.start();
    await fake.clock.pass(1_000);
    fake.databases.put(STATUS, { remote_state: 'ready' });
    await fake.clock.pass(2_000);
    assert.deepEqual(fake.times, [0, 0, 2_500, 2_500]);
  });

  test('ends with the value of the reconciliation that was the last one, and leaves nothing open', async () => {
    const fake = new TestLoop();
    fake.next = (state) => (state === 'ready' ? { kind: 'done', value: 'go' } : ASLEEP);
    fake.start();
    await fake.clock.pass(100);
    fake.databases.put(STATUS, { remote_state: 'ready' });
    await fake.clock.pass(0);
    assert.deepEqual([fake.result, fake.openStores.size, fake.clock.timerCount], ['go', 0, 0]);
  });
});

describe('an outage of a loop that reconciles', () => {
  test('is reported, closes the store, and is met again after a back-off that grows', async () => {
    const fake = new TestLoop();
    fake.databases.goDown();
    fake.start();
    await fake.clock.pass(1_499);
    assert.equal(fake.outages.length, 4);
    assert.equal(fake.openStores.size, 0);
    await fake.clock.pass(1);
    assert.equal(fake.outages.length, 5);
    await fake.clock.pass(60_000);
    assert.equal(fake.outages.length, 5 + Math.floor((60_000 - 1_600) / 2_000) + 1);
  });

  test('that is over is seen, and the next one begins with the shortest wait', async () => {
    const fake = new TestLoop();
    fake.databases.goDown();
    fake.start();
    await fake.clock.pass(10_000);
    fake.databases.comeBack();
    await fake.clock.pass(4_000);
    assert.equal(fake.recoveries, 1);
    const before = fake.outages.length;
    fake.databases.goDown();
    await fake.clock.pass(300);
    assert.equal(fake.outages.length, before + 3);
  });

  test('that is over for a moment only is still the same: no recovery, and no sooner try (G3)', async () => {
    const fake = new TestLoop();
    fake.start();
    // Each connection is answered once, and dropped.
    fake.next = () => {
      fake.clock.schedule(1, () => fake.databases.goDown());
      fake.clock.schedule(2, () => fake.databases.comeBack());
      return ASLEEP;
    };
    await fake.clock.pass(60_000);
    assert.equal(fake.recoveries, 0);
    assert.ok(fake.readings.length < 100, `${fake.readings.length} readings in a minute`);
  });

  test('is a subscription that ends: what was not watched all the time is no good reading (G2)', async () => {
    const fake = new TestLoop();
    fake.start();
    await fake.clock.pass(100);
    fake.databases.goDown();
    await fake.clock.pass(0);
    fake.databases.comeBack();
    assert.deepEqual(fake.outages, ['the database has ended the subscription to its events']);
    await fake.clock.pass(100);
    assert.equal(fake.times.at(-1), 200);
  });

  test('is not a subscription that is refused: it polls, and asks again every 15 s (G3)', async () => {
    const fake = new TestLoop();
    fake.databases.watchRefusal = 'NOPERM no channels';
    fake.start();
    await fake.clock.pass(14_000);
    assert.deepEqual([fake.outages, fake.refusals.length], [[], 1]);
    assert.equal(fake.readings.length, 4);
    await fake.clock.pass(5_000);
    assert.equal(fake.refusals.length, 2);
    fake.databases.watchRefusal = '';
    await fake.clock.pass(15_000);
    const { length } = fake.readings;
    fake.databases.put(STATUS, { remote_state: 'ready' });
    await fake.clock.pass(0);
    assert.equal(fake.readings.length, length + 1);
  });

  test('of the writing after a reading that works is met ever more seldom all the same', async () => {
    const fake = new TestLoop();
    fake.next = () => {
      throw new CtrkitError('database', 'READONLY');
    };
    fake.start();
    await fake.clock.pass(1_500);
    assert.deepEqual(fake.times, [0, 100, 300, 700, 1_500]);
  });

  test('what does not pass by itself is thrown on', async () => {
    for (const error of [new CtrkitError('usage', 'wrong URL'), new TypeError('a defect')]) {
      const fake = new TestLoop();
      fake.next = () => {
        throw error;
      };
      fake.start();
      await fake.clock.pass(0);
      assert.deepEqual([fake.result, fake.outages, fake.openStores.size], [error, [], 0]);
    }
  });
});

describe('a loop for which nobody waits any more', () => {
  test('ends within a second: asleep, in a back-off, and before a requeue', async () => {
    for (const prepare of [
      (): void => undefined,
      (fake: TestLoop) => fake.databases.goDown(),
      (fake: TestLoop) => (fake.next = () => ({ kind: 'requeue', afterMs: 10_000 })),
    ]) {
      const fake = new TestLoop();
      prepare(fake);
      fake.start();
      await fake.clock.pass(20_500);
      assert.equal(fake.result, undefined);
      fake.isOrphaned = true;
      await fake.clock.pass(1_000);
      assert.deepEqual([fake.result, fake.openStores.size, fake.clock.timerCount], ['orphaned', 0, 0]);
    }
  });

  test('does not reconcile once more for a change that wakes it', async () => {
    const fake = new TestLoop();
    fake.start();
    await fake.clock.pass(100);
    fake.isOrphaned = true;
    fake.databases.put(STATUS, { remote_state: 'ready' });
    await fake.clock.pass(0);
    assert.deepEqual([fake.result, fake.readings.length], ['orphaned', 2]);
  });

  test('does not begin', async () => {
    const fake = new TestLoop();
    fake.isOrphaned = true;
    fake.start();
    await fake.clock.pass(0);
    assert.deepEqual([fake.result, fake.readings.length], ['orphaned', 0]);
  });

  test('one that is ended with whoever waits does not wake up to ask', async () => {
    const fake = new TestLoop();
    fake.canBeOrphaned = false;
    fake.start();
    await fake.clock.pass(0);
    assert.equal(fake.clock.nextTimerMs, 5_000);
  });
});
