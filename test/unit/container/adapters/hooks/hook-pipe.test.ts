import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { HookPipe } from '../../../../../src/container/adapters/hooks/hook-pipe.ts';

describe('a hook that says much', () => {
  test('is left to a reader of its own after 64 KB, and the stream is let go of', async () => {
    const stream = new PassThrough();
    const inputs: unknown[] = [];
    const pipe = new HookPipe(stream, (input) => {
      inputs.push(input);
      return Object.assign(new EventEmitter(), { kill: () => true, unref() {} }) as unknown as ChildProcess;
    });
    for (let count = 0; count < 7; count++) stream.write(Buffer.alloc(10_000, 'x'));
    await pipe.closed;
    assert.deepEqual(inputs, [stream]);
    assert.equal(stream.destroyed, true);
    assert.equal(pipe.output.totalBytes, 70_000);
  });
});

describe('a hook that says much where no reader can be had', () => {
  test('is read to its end by the agent, which asks for a reader once', async () => {
    let asked = 0;
    const stream = new PassThrough();
    const pipe = new HookPipe(stream, () => {
      asked += 1;
      stream.pause();
      return undefined;
    });
    for (let count = 0; count < 40; count++) stream.write(Buffer.alloc(10_000, 'x'));
    stream.end('\nlast');
    await pipe.closed;
    assert.equal(pipe.output.totalBytes, 400_005);
    assert.equal(pipe.output.lastLine, 'last');
    assert.equal(asked, 1);
  });
});
