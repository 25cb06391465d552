import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readHostSettings, readRevertToLocal } from '../../../src/host/settings.ts';

const NO_FILE = { values: {}, warning: undefined };
const file = (value: unknown) => ({ ...NO_FILE, values: { revert_to_local_on_wait_seconds: value } });

describe('the environment of the host side', () => {
  test('an empty one gives the usual places', () => {
    assert.deepEqual(readHostSettings({}), { redisUrl: '', engineAddress: '', remoteConfigPath: '' });
  });

  test('each setting is read from its own variable', () => {
    const env = { CTRKIT_REDIS: 'unix:///r', DOCKER_HOST: 'unix:///d', CTRKIT_REMOTE_CONFIG: '/c' };
    assert.deepEqual(readHostSettings(env), {
      redisUrl: 'unix:///r',
      engineAddress: 'unix:///d',
      remoteConfigPath: '/c',
    });
  });
});

describe('how long Kubernetes may take', () => {
  test('is the environment’s, else the file’s, else 300 s', () => {
    assert.equal(readRevertToLocal({ CTRKIT_REVERT_TO_LOCAL: '2m' }, file(360)).revertToLocalMs, 120_000);
    assert.equal(readRevertToLocal({}, file(360)).revertToLocalMs, 360_000);
    assert.equal(readRevertToLocal({}, file('360')).revertToLocalMs, 360_000);
    assert.deepEqual(readRevertToLocal({}, NO_FILE), { revertToLocalMs: 300_000, warnings: [] });
  });

  test('what makes no sense is said, and the next source is used', () => {
    const nonsense = readRevertToLocal({ CTRKIT_REVERT_TO_LOCAL: 'soon' }, file(360));
    assert.equal(nonsense.revertToLocalMs, 360_000);
    assert.match(nonsense.warnings.join(), /CTRKIT_REVERT_TO_LOCAL is "soon"/);
    for (const value of ['-1', -1, null, [], true, '1y', 1e9]) {
      const { revertToLocalMs, warnings } = readRevertToLocal({}, file(value));
      assert.equal(revertToLocalMs, 300_000, String(value));
      assert.equal(warnings.length, value === null ? 0 : 1, String(value));
    }
  });

  test('a broken file is said too', () => {
    assert.deepEqual(readRevertToLocal({}, { values: {}, warning: 'broken' }).warnings, ['broken']);
  });
});
