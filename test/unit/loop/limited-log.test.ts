import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LimitedLog } from '../../../src/loop/limited-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLog } from '../../support/fake-log.ts';

function setUp() {
  const clock = new FakeClock(0);
  const to = new FakeLog();
  return { clock, lines: to.lines, log: new LimitedLog(to, clock) };
}

describe('a log with a limit', () => {
  test('takes what goes back and forth a few times a minute, and says how many lines it left out', () => {
    const { clock, lines, log } = setUp();
    for (let second = 0; second < 60; second += 2, clock.advance(1_000)) {
      log.warn('held');
      clock.advance(1_000);
      log.info('waiting');
    }
    assert.deepEqual(lines, ['warn: held', 'info: waiting', 'warn: held']);
    clock.advance(10_000);
    log.info('waiting');
    assert.equal(lines.at(-1), 'info: waiting (lines left out before this one: 57)');
  });

  test('tells news at once while something goes back and forth', () => {
    const { lines, log } = setUp();
    for (let times = 0; times < 100; times++) {
      log.warn('held');
      log.info('waiting');
    }
    log.warn('held for another reason');
    assert.match(lines.at(-1) ?? '', /^warn: held for another reason/);
  });

  test('takes five lines in any minute, whatever they say, and every error', () => {
    const { clock, lines, log } = setUp();
    for (let times = 0; times < 600; times++, clock.advance(100)) log.info(`line ${times}`);
    assert.deepEqual(
      lines,
      [0, 1, 2, 3, 4].map((i) => `info: line ${i}`),
    );
    for (let times = 0; times < 3; times++) log.error('the end');
    assert.equal(lines.filter((line) => line === 'error: the end').length, 3);
  });
});
