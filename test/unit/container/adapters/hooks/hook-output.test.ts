import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findComplaint, HookOutput } from '../../../../../src/container/adapters/hooks/hook-output.ts';

function outputOf(...chunks: readonly string[]): HookOutput {
  const output = new HookOutput();
  for (const chunk of chunks) output.add(Buffer.from(chunk));
  return output;
}

describe('the line a hook has for people', () => {
  test('is the first of stderr that is not empty, else of stdout', () => {
    assert.equal(findComplaint(outputOf('out'), outputOf('\n \nfir', 'st\nlast\n')), 'first');
    assert.equal(findComplaint(outputOf('\nout\nmore'), outputOf('\n')), 'out');
    assert.equal(findComplaint(outputOf(), outputOf()), '');
  });

  test('is the last one of a Python traceback', () => {
    const traceback = 'Traceback (most recent call last):\n  File "hook", line 1\nOSError: no socket\n';
    assert.equal(findComplaint(outputOf('out'), outputOf(traceback)), 'OSError: no socket');
    const deep = traceback.replace('\n', `\n${'  File "hook", line 1\n'.repeat(1_000)}`);
    assert.equal(findComplaint(outputOf(), outputOf(deep)), 'OSError: no socket');
  });

  test('has no colours, no control characters and no bytes that are no ASCII', () => {
    assert.equal(
      outputOf('\u001b[1;31mno\u001b[0m\u0000\u0007 answer\u001b]0;\n').firstLine,
      'no answer ]0;',
    );
    const garbage = new HookOutput();
    garbage.add(Buffer.from([0xff, 0xfe, 0x00, 0x41, 0x9b, 0x42, 0x0d, 0x0a]));
    assert.equal(garbage.firstLine, 'A B');
  });

  test('is found in the last kilobyte when the first has none', () => {
    assert.equal(outputOf('\n'.repeat(5_000), 'late').firstLine, 'late');
  });

  test('costs no more than two kilobytes, however much was said', () => {
    const output = new HookOutput();
    const chunk = Buffer.alloc(65_536, 'x');
    for (let count = 0; count < 100; count++) output.add(chunk);
    assert.equal(output.totalBytes, 6_553_600);
    assert.equal(output.firstLine.length, 1_024);
    assert.equal(output.lastLine.length, 1_024);
  });
});
