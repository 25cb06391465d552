import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareCalls } from '../../../src/loop/share-calls.ts';

/** Calls that are answered, in order, when the test says so. */
function prepare() {
  const calls: { readonly resolve: (value: string) => void; readonly reject: (error: Error) => void }[] = [];
  const share = shareCalls(
    () => new Promise<string>((resolve, reject) => void calls.push({ resolve, reject })),
  );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { calls, share, turn };
}

describe('callers that share a call', () => {
  test('all that come while one is under way get the next one, which begins after it (H2)', async () => {
    const { calls, share, turn } = prepare();
    const answers = Array.from({ length: 60 }, () => share());
    assert.equal(calls.length, 1);
    calls[0]?.resolve('old');
    await turn();
    assert.equal(calls.length, 2, 'nobody gets an answer that is older than the question');
    calls[1]?.resolve('new');
    assert.deepEqual(await Promise.all(answers), ['old', ...Array<string>(59).fill('new')]);
    void share();
    assert.equal(calls.length, 3);
  });

  test('who comes while the next one is under way waits for the one after it', async () => {
    const { calls, share, turn } = prepare();
    const [first, second] = [share(), share()];
    calls[0]?.resolve('1');
    await turn();
    const third = share();
    calls[1]?.resolve('2');
    await turn();
    calls[2]?.resolve('3');
    assert.deepEqual(await Promise.all([first, second, third]), ['1', '2', '3']);
  });

  test('a failure is that of its own callers only', async () => {
    const { calls, share, turn } = prepare();
    const [first, second] = [share(), share()];
    calls[0]?.reject(new Error('away'));
    await assert.rejects(first, /away/);
    await turn();
    calls[1]?.resolve('back');
    assert.equal(await second, 'back');
    const third = share();
    calls[2]?.reject(new Error('away again'));
    await assert.rejects(third, /again/);
    void share();
    assert.equal(calls.length, 4);
  });
});
