import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigurationCheck, type GetErrors } from '../../../../src/container/health/configuration-check.ts';
import { DEFAULT_TIMING } from '../../../../src/contract/health/check.ts';

const run = (...sources: GetErrors[]) => new ConfigurationCheck(sources, DEFAULT_TIMING).run();

describe('the check of the configuration', () => {
  test('is wanted only: what is wrong with it makes nobody unhealthy', () => {
    assert.equal(new ConfigurationCheck([], DEFAULT_TIMING).kind, 'wanted');
  });

  test('is ok when nobody has anything to say', async () => {
    assert.deepEqual(
      await run(
        () => [],
        () => [],
      ),
      { result: 'ok', message: '' },
    );
  });

  test('fails with what all have to say', async () => {
    assert.deepEqual(
      await run(
        () => ['a', 'b'],
        () => ['c'],
      ),
      {
        result: 'failing',
        message: 'a; b; c',
        exitCode: 1,
        isMendedByRestart: false,
      },
    );
  });

  test('says it in one line, and how much it leaves out', async () => {
    const { message } = await run(() => ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    assert.equal(message, 'a; b; c; d; e; and 2 more');
  });
});
