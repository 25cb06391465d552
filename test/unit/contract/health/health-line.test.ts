import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeHealthLine } from '../../../../src/contract/health/health-line.ts';

const ANCHOR = { pid: 17, startTicks: 4711 };
const WELL = { startup: 0, readiness: 0, liveness: 0 };

describe('the line that the probe reads', () => {
  test('holds the format, the three answers in order, when they go stale, whose they are, and why', () => {
    const line = encodeHealthLine(
      { startup: 2, readiness: 12, liveness: 0 },
      123_456,
      ANCHOR,
      'held: by the switch',
    );
    assert.equal(line, 'ctrkit2 2 12 0 124 17 4711 held: by the switch\n');
  });

  test('without a reason it ends with the anchor', () => {
    assert.equal(encodeHealthLine(WELL, 123_000, ANCHOR, ''), 'ctrkit2 0 0 0 123 17 4711\n');
  });

  test('is never stale earlier than promised', () => {
    assert.equal(encodeHealthLine(WELL, 123_001, ANCHOR, ''), 'ctrkit2 0 0 0 124 17 4711\n');
  });

  test('is one line of plain characters, whatever the reason is, and a block of the disk at most', () => {
    const line = encodeHealthLine(
      WELL,
      999_000,
      ANCHOR,
      `a\nb\tc\u0000${'é✓'.repeat(50)}${'x'.repeat(5_000)}`,
    );
    assert.match(line, /^ctrkit2 0 0 0 999 17 4711 a b c x+\n$/);
    assert.ok(line.length < 600);
  });

  test('a reason of nothing but odd characters is none', () => {
    assert.equal(encodeHealthLine(WELL, 1_000, ANCHOR, '\n\n✓'), 'ctrkit2 0 0 0 1 17 4711\n');
  });
});
