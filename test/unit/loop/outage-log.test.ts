import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutageLog } from '../../../src/loop/outage-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLog } from '../../support/fake-log.ts';

function setUp() {
  const log = new FakeLog();
  const clock = new FakeClock();
  return { log, clock, outage: new OutageLog(log, clock) };
}

describe('what is out of order', () => {
  test('is said at once, and then once a minute while it goes on', () => {
    const { log, clock, outage } = setUp();
    for (let second = 0; second < 150; second++, clock.advance(1_000)) outage.logFailure('no database');
    assert.deepEqual(log.lines, ['warn: no database', 'warn: no database', 'warn: no database']);
  });

  test('is said again exactly after a minute, not before', () => {
    const { log, clock, outage } = setUp();
    outage.logFailure('no database');
    clock.advance(59_999);
    outage.logFailure('no database');
    assert.equal(log.lines.length, 1);
    clock.advance(1);
    outage.logFailure('no database');
    assert.equal(log.lines.length, 2);
  });

  test('is said at once when it is something else', () => {
    const { log, outage } = setUp();
    outage.logFailure('no database');
    outage.logFailure('no answer');
    assert.deepEqual(log.lines, ['warn: no database', 'warn: no answer']);
  });

  test('a step of the wall clock makes it neither silent nor talkative', () => {
    const { log, clock, outage } = setUp();
    outage.logFailure('no database');
    clock.stepWallClock(86_400_000);
    outage.logFailure('no database');
    assert.equal(log.lines.length, 1);
    clock.stepWallClock(-10 * 86_400_000);
    clock.advance(60_000);
    outage.logFailure('no database');
    assert.equal(log.lines.length, 2);
  });

  test('that it is well again is said once, and only if it was not', () => {
    const { log, outage } = setUp();
    outage.logRecovery('it is back');
    assert.deepEqual(log.lines, []);
    outage.logFailure('no database');
    outage.logRecovery('it is back');
    outage.logRecovery('it is back');
    assert.deepEqual(log.lines, ['warn: no database', 'info: it is back']);
  });

  test('the same trouble after it was well is news', () => {
    const { log, outage } = setUp();
    outage.logFailure('no database');
    outage.logRecovery('it is back');
    outage.logFailure('no database');
    assert.deepEqual(log.lines.slice(2), ['warn: no database']);
  });

  test('that fails in turns is said no more often than that: four lines a minute (G3)', () => {
    const { log, clock, outage } = setUp();
    for (let second = 0; second < 600; second++, clock.advance(1_000)) {
      outage.logFailure(`failure ${second % 7}`);
      outage.logRecovery('it is back');
    }
    assert.ok(log.lines.length <= 40, `${log.lines.length} lines in ten minutes`);
  });
});
