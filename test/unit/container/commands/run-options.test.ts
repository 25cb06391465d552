import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunOptions } from '../../../../src/container/commands/run-options.ts';
import { usageErrorOf } from '../../../support/errors.ts';

const IDENTITY = {
  feature: 'snmp',
  owner: 'local',
  version: '1.0',
  isVersionSet: true,
  problems: [],
} as const;

test('an option with a value that is there twice is refused, those of the command are its own', () => {
  for (const option of ['feature', 'owner', 'version', 'redis'])
    assert.equal(
      usageErrorOf(() => parseRunOptions([`--${option}=a`, `--${option}`, 'b', '--', 'app'], IDENTITY)),
      `--${option} is there twice: write it once`,
    );
  assert.deepEqual(parseRunOptions(['-v', '2.0', '--', 'app', '-v', '3.0', '-v', '4.0'], IDENTITY), {
    command: ['app', '-v', '3.0', '-v', '4.0'],
    feature: 'snmp',
    owner: 'local',
    version: '2.0',
    once: false,
    redisUrl: '',
  });
});
