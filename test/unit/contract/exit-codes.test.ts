import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EXIT, exitCodeOfSignal, isHooksOwnCode, PROBE_EXIT } from '../../../src/contract/exit-codes.ts';

describe('the exit codes of the probe', () => {
  test('a hook’s own code is passed through where the contract says, and nowhere else', () => {
    const own = Array.from({ length: 256 }, (_, code) => code).filter(isHooksOwnCode);
    const ranges = [3, 4, 5, 6, 7, 8, 9];
    for (let code = 14; code <= 63; code++) ranges.push(code);
    for (let code = 65; code <= 125; code++) ranges.push(code);
    assert.deepEqual(own, ranges);
    for (const code of [-1, 256, Number.NaN, Infinity]) assert.equal(isHooksOwnCode(code), false);
  });

  test('none of the probe’s own codes can come from a hook, nor is one of them yes or wrong usage', () => {
    const codes: number[] = Object.values(PROBE_EXIT);
    assert.equal(new Set(codes).size, codes.length);
    for (const code of codes) {
      assert.equal(isHooksOwnCode(code), false, String(code));
      assert.ok(code !== EXIT.ok && code !== EXIT.usage);
    }
  });

  test('a signal is told as every shell does', () => {
    assert.equal(exitCodeOfSignal(15), 143);
  });
});
