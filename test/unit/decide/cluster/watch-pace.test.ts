import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decideWatchTimeoutS,
  findNextReadMs,
  isWatchRefused,
  recordEnd,
  recordMissing,
  recordOpened,
  recordOpening,
  recordRefusal,
  recordSign,
  recordSilentCheck,
  startWatchPace,
} from '../../../../src/decide/cluster/watch-pace.ts';

const NOW = 5_000_000;
const opened = recordOpened(recordOpening(startWatchPace(), NOW));

describe('the pace of a watch', () => {
  test('a Node that was never read is read at once', () => {
    assert.equal(findNextReadMs(startWatchPace(), false), 0);
  });

  test('silence is checked after 75 s, then less and less often, and a sign begins that anew', () => {
    let pace = opened;
    const waits: number[] = [];
    for (let nowMs = NOW; waits.length < 4; pace = recordSilentCheck(pace, nowMs)) {
      const nextMs = findNextReadMs(pace, true);
      waits.push(nextMs - nowMs);
      nowMs = nextMs;
    }
    assert.deepEqual(waits, [75_000, 150_000, 240_000, 240_000]);
    assert.equal(findNextReadMs(recordSign(pace, NOW), true), NOW + 75_000);
  });

  test('a watch that lasted is opened again within 2 s, spread by chance', () => {
    const ended = (random: number) => findNextReadMs(recordEnd(opened, NOW + 60_000, random), false);
    assert.equal(ended(0), NOW + 60_000);
    assert.equal(ended(0.5), NOW + 61_000);
  });

  test('watches that end at once are opened less and less often, one that lasted ends that', () => {
    let pace = opened;
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      pace = recordEnd(recordOpening(pace, NOW), NOW, 0);
      waits.push(findNextReadMs(pace, false) - NOW);
    }
    assert.deepEqual(waits.slice(0, 3), [400, 800, 1_600]);
    assert.equal(waits.at(-1), 30_000);
    assert.equal(recordEnd(recordOpening(pace, NOW), NOW + 5_000, 0).failures, 0);
  });

  test('a missing Node is read less and less often', () => {
    const once = recordMissing(opened, NOW, 0);
    assert.equal(findNextReadMs(once, false), NOW + 400);
    assert.equal(findNextReadMs(recordMissing(once, NOW, 0), false), NOW + 800);
  });

  test('refused watches are reported from the third one in a row on', () => {
    const twice = recordRefusal(recordRefusal(opened, NOW, 0), NOW, 0);
    assert.equal(isWatchRefused(twice), false);
    const thrice = recordRefusal(twice, NOW, 0);
    assert.equal(isWatchRefused(thrice), true);
    assert.equal(findNextReadMs(thrice, false), NOW + 1_600);
    assert.equal(isWatchRefused(recordOpened(thrice)), false);
    assert.equal(isWatchRefused(recordMissing(thrice, NOW, 0)), false);
  });

  test('the server ends a watch after four to six minutes, by chance', () => {
    assert.deepEqual([0, 0.5, 0.999].map(decideWatchTimeoutS), [240, 300, 360]);
  });
});
