import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDurationMs } from '../../../src/text/duration.ts';

describe('durations', () => {
  const legal = {
    '0': 0,
    '10': 10_000,
    '250ms': 250,
    '1s': 1_000,
    '2m': 120_000,
    '3h': 10_800_000,
    '1d': 86_400_000,
    '0.5': 500,
    '1.25s': 1_250,
    '0.001': 1,
    '007': 7_000,
    '999999999': 999_999_999_000,
  };
  for (const [text, ms] of Object.entries(legal))
    test(`"${text}" is ${ms} milliseconds`, () => assert.equal(parseDurationMs(text), ms));

  const illegal = [
    ['', ' ', '1 s', ' 1', '1 ', '1\n', '1s\n'],
    ['-1', '+1', '1e3', '0x10', '.5', '1.', '1.2345', '1,5', '1_000'],
    ['1S', '1M', '1H', '1w', '1y', '1sec', 's', 'ms', '1ss', '1h30m'],
    ['NaN', 'Infinity', 'ten', '١', '1000000000', '9'.repeat(400)],
  ].flat();
  for (const text of illegal)
    test(`${JSON.stringify(text.slice(0, 20))} is none`, () =>
      assert.equal(parseDurationMs(text), undefined));
});
