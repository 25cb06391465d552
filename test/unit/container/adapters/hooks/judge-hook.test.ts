import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeHook } from '../../../../../src/container/adapters/hooks/judge-hook.ts';
import { isHooksOwnCode } from '../../../../../src/contract/exit-codes.ts';

describe('what the end of a hook means', () => {
  test('0 is ok, whatever was said', () => {
    assert.deepEqual(judgeHook({ how: 'exited', code: 0, line: 'fine' }), { result: 'ok', message: 'fine' });
    assert.deepEqual(judgeHook({ how: 'exited', code: 0, line: '' }), { result: 'ok', message: '' });
  });

  test('every other code is failing, with itself or with 1, and never without words', () => {
    for (let code = 1; code <= 255; code++) {
      const outcome = judgeHook({ how: 'exited', code, line: '' });
      assert.equal(outcome.result, 'failing');
      assert.equal(outcome.result === 'failing' && outcome.exitCode, isHooksOwnCode(code) ? code : 1);
      assert.match(outcome.message, new RegExp(`^ended with ${code}\\b`));
    }
  });

  test('a restart mends what hangs or dies, not what can not be run or killed', () => {
    const mended = [
      judgeHook({ how: 'exited', code: 5, line: '' }),
      judgeHook({ how: 'exited', code: 2, line: '' }),
      judgeHook({ how: 'signalled', signal: 'SIGBUS', line: '' }),
      judgeHook({ how: 'overran', limitMs: 5_000, line: '' }),
      judgeHook({ how: 'unkillable', runningMs: 6_400 }),
      judgeHook({ how: 'unrunnable', why: 'it is a folder' }),
    ].map((outcome) => outcome.result === 'failing' && [outcome.exitCode, outcome.isMendedByRestart]);
    assert.deepEqual(mended, [
      [5, true],
      [1, true],
      [1, true],
      [1, true],
      [1, false],
      [1, false],
    ]);
  });

  test('what could not be told is unknown', () => {
    const outcome = judgeHook({ how: 'unknown', why: 'no memory' });
    assert.deepEqual(outcome, { result: 'unknown', message: 'no memory' });
  });

  test('a message is one printable line of at most 200 characters, cut with a mark', () => {
    const { message } = judgeHook({ how: 'exited', code: 1, line: `a\n\tb\u0007 ü ${'x'.repeat(500)}` });
    assert.match(message, /^ended with 1: a b +x+\.\.\.$/);
    assert.equal(message.length, 200);
  });
});
