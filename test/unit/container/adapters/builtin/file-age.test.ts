import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFileInspector } from '../../../../../src/container/adapters/builtin/file-age.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const target = { path: '/mnt/state', maxAgeMs: 60_000, timeoutMs: 20 };

describe('a file on a file system that does not answer', () => {
  test('is unknown at the limit, and is not asked again as long as the first question is open', async () => {
    let questions = 0;
    const look = createFileInspector(target, new FakeClock(), () => {
      questions += 1;
    });
    assert.deepEqual(await look(), {
      result: 'unknown',
      message: '/mnt/state: its file system does not answer',
    });
    assert.equal((await look()).result, 'unknown');
    assert.equal(questions, 1);
  });

  test('is asked again once it has answered', async () => {
    const answers: (() => void)[] = [];
    const look = createFileInspector(target, new FakeClock(), (_path, _options, callback) => {
      const code = answers.length === 0 ? 'EIO' : 'ENOENT';
      answers.push(() => callback(Object.assign(new Error('wrong'), { code }), {} as never));
    });
    assert.equal((await look()).result, 'unknown');
    answers[0]?.();
    const second = look();
    answers[1]?.();
    assert.deepEqual(await second, { result: 'failing', message: '/mnt/state: there is no such file' });
  });

  test('one that can not be looked at for another reason is unknown', async () => {
    const look = createFileInspector(target, new FakeClock(), (_path, _options, callback) =>
      callback(Object.assign(new Error('input/output error'), { code: 'EIO' }), {} as never),
    );
    assert.deepEqual(await look(), { result: 'unknown', message: "/mnt/state: can't be looked at: EIO" });
  });
});
