import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeHealthLine } from '../../../../src/contract/health/health-line.ts';

const WELL = { startup: 0, readiness: 0, liveness: 0 };

describe('the line that the probe reads', () => {
  test('holds the format, the three answers in order, when they go stale, and why', () => {
    const line = encodeHealthLine({ startup: 2, readiness: 12, liveness: 0 }, 123_456, 'held: by the switch');
    assert.equal(line, 'ctrkit1 2 12 0 124 held: by the switch\n');
  });

  test('without a reason it ends with the second', () => {
    assert.equal(encodeHealthLine(WELL, 123_000, ''), 'ctrkit1 0 0 0 123\n');
  });

  test('is never stale earlier than promised', () => {
    assert.equal(encodeHealthLine(WELL, 123_001, ''), 'ctrkit1 0 0 0 124\n');
  });

  test('is one line of plain characters, whatever the reason is, and a block of the disk at most', () => {
    const line = encodeHealthLine(WELL, 999_000, `a\nb\tc\u0000${'é✓'.repeat(50)}${'x'.repeat(5_000)}`);
    assert.match(line, /^ctrkit1 0 0 0 999 a b c x+\n$/);
    assert.ok(line.length < 600);
  });

  test('a reason of nothing but odd characters is none', () => {
    assert.equal(encodeHealthLine(WELL, 1_000, '\n\n✓'), 'ctrkit1 0 0 0 1\n');
  });
});
