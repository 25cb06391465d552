import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CallPace } from '../../../src/loop/call-pace.ts';
import { featureStatusRow } from '../../../src/contract/rows.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeDatabases } from '../../support/fake-row-store.ts';

/** A loop that reads and writes as often as its pace lets it, for so long; returns when its calls began. */
async function callFor(ms: number, prepare: (pace: CallPace) => void): Promise<readonly number[]> {
  const clock = new FakeClock(0);
  const pace = new CallPace(clock);
  prepare(pace);
  const store = pace.count(new FakeDatabases(clock.bootMs).open());
  const calledMs: number[] = [];
  const state = { isOver: false };
  const loop = async (): Promise<void> => {
    while (!state.isOver) {
      await pace.waitForRoom(2);
      calledMs.push(clock.bootMs(), clock.bootMs());
      await store.read([{ address: featureStatusRow('snmp'), fields: ['state'] }]);
      await store.write([], []);
    }
  };
  const ended = loop();
  await clock.pass(ms);
  state.isOver = true;
  await clock.pass(10_000);
  await ended;
  return calledMs.filter((atMs) => atMs < ms);
}

const countMost = (calledMs: readonly number[]): number =>
  Math.max(...calledMs.map((from) => calledMs.filter((ms) => ms >= from && ms < from + 1_000).length));

describe('the pace of a loop that is asked for more all the time', () => {
  test('is five calls in any second, from an outage on', async () => {
    const calledMs = await callFor(60_000, (pace) => pace.recordOutage());
    assert.ok(countMost(calledMs) <= 5, String(countMost(calledMs)));
    assert.ok(calledMs.length >= 200, 'and it does not stand still');
  });

  test('lets the ten calls of a first start through at once', async () => {
    const calledMs = await callFor(60_000, () => {});
    assert.equal(calledMs.filter((ms) => ms === 0).length, 14);
    assert.ok(countMost(calledMs.filter((ms) => ms > 0)) <= 5);
  });

  test('lets through at once what has room: a change after a quiet second is not late', async () => {
    const clock = new FakeClock(0);
    const pace = new CallPace(clock);
    pace.recordOutage();
    const store = pace.count(new FakeDatabases(clock.bootMs).open());
    for (let times = 0; times < 5; times++) await store.write([], []);
    let isThrough = false;
    const ended = pace.waitForRoom(2).then(() => (isThrough = true));
    await clock.pass(999);
    assert.equal(isThrough, false);
    await clock.pass(1);
    assert.equal(isThrough, true);
    await ended;
    await pace.waitForRoom(5);
  });
});
