import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HookRunner } from '../../../../../src/container/adapters/hooks/hook-runner.ts';
import type { HookEnd } from '../../../../../src/container/adapters/hooks/judge-hook.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

describe('a hook for which there is no memory or process', () => {
  test('is not started, gives its turn back, and may be tried again', async () => {
    const end: HookEnd = { how: 'unknown', why: "can't be started now: EAGAIN" };
    const runner = new HookRunner({ atOnce: 1, env: {}, clock: new FakeClock(), start: async () => end });
    let gone = 0;
    for (let round = 0; round < 3; round++) {
      const order = { name: 'required.d/a', limitMs: 1_000 };
      assert.deepEqual(await runner.run('/bin/sh', order, () => (gone += 1)), end);
    }
    assert.equal(gone, 3);
    runner.stop();
  });
});

describe('an agent that ends', () => {
  test('starts no hook any more, neither one that waits for its turn nor a later one', async () => {
    let starts = 0;
    let endFirst: (end: HookEnd) => void = () => {};
    const start = async (): Promise<HookEnd> => {
      starts += 1;
      return new Promise((resolve) => (endFirst = resolve));
    };
    const runner = new HookRunner({ atOnce: 1, env: {}, clock: new FakeClock(), start });
    const order = { name: 'required.d/a', limitMs: 1_000 };
    const runs = [runner.run('/bin/sh', order, () => {}), runner.run('/bin/sh', order, () => {})];
    await new Promise((resolve) => setImmediate(resolve));
    runner.stop();
    endFirst({ how: 'exited', code: 0, line: '' });
    runs.push(runner.run('/bin/sh', order, () => {}));
    const ends = await Promise.all(runs);
    assert.deepEqual(
      ends.map(({ how }) => how),
      ['exited', 'unknown', 'unknown'],
    );
    assert.equal(starts, 1);
  });
});
