import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { GATE_OPTIONS, parsePlainWords, parseWords } from '../../src/container/commands/arguments.ts';
import { runsOf } from '../support/run-counts.ts';

const word = fc.oneof(
  fc.constantFrom(
    '-f',
    '-o',
    '-v',
    '--feature',
    '--once',
    '-',
    '--',
    '',
    '-fx',
    '-f=x',
    '__proto__',
    'local',
    '-1',
  ),
  fc.string({ maxLength: 4 }),
);
const plainWords = fc
  .array(fc.tuple(fc.constantFrom('-f', '-o', '-v'), fc.string({ maxLength: 4 })), { maxLength: 4 })
  .map((pairs) => pairs.flat());

test('the words of a start.sh mean the same by the short way as by the parser of Node.js', () => {
  fc.assert(
    fc.property(fc.oneof(plainWords, fc.array(word, { maxLength: 6 })), (args) => {
      const plain = parsePlainWords(args);
      if (plain === undefined) return;
      const { values, positionals } = parseWords(args, GATE_OPTIONS);
      assert.deepEqual({ ...values }, plain);
      assert.deepEqual(positionals, []);
    }),
    runsOf(10_000),
  );
});

test('what a start.sh of SONiC writes takes the short way', () => {
  assert.deepEqual(parsePlainWords(['-f', 'snmp', '-o', 'kube', '-v', '1.0.0']), {
    feature: 'snmp',
    owner: 'kube',
    version: '1.0.0',
  });
});
