import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RepeatLog } from '../../../src/loop/repeat-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock(0);
  const lines: string[] = [];
  return { clock, lines, log: new RepeatLog((line) => lines.push(line), clock) };
}

describe('what is told now and then', () => {
  test('is logged at once, also right after the boot, and then once a minute', () => {
    const { clock, lines, log } = setUp();
    for (let second = 0; second < 150; second++, clock.advance(1_000)) log.log('waiting');
    assert.deepEqual(lines, ['waiting', 'waiting', 'waiting']);
  });

  test('each line has a minute of its own', () => {
    const { clock, lines, log } = setUp();
    log.log('waiting');
    clock.advance(30_000);
    log.log('asking');
    log.log('waiting');
    clock.advance(30_000);
    log.log('asking');
    log.log('waiting');
    assert.deepEqual(lines, ['waiting', 'asking', 'waiting']);
  });

  test('a step of the wall clock makes it neither silent nor talkative', () => {
    const { clock, lines, log } = setUp();
    log.log('waiting');
    clock.stepWallClock(86_400_000);
    log.log('waiting');
    assert.equal(lines.length, 1);
  });

  test('is news again when what was before is forgotten', () => {
    const { lines, log } = setUp();
    log.log('waiting');
    log.forget();
    log.log('waiting');
    assert.equal(lines.length, 2);
  });
});
