import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertIsListener } from '../../../../src/container/commands/agent-options.ts';
import { isErrorOf } from '../../../support/errors.ts';

describe('how the agent is started', () => {
  test('as an event listener: no arguments, and no terminal', () => {
    assert.doesNotThrow(() => assertIsListener([], false));
  });

  test('arguments, and a terminal, are wrong usage', () => {
    for (const [args, isTerminal] of [
      [['-f', 'snmp'], false],
      [[], true],
    ] as const)
      assert.throws(() => assertIsListener(args, isTerminal), isErrorOf('usage'));
  });
});
