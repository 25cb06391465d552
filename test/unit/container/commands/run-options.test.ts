import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunOptions } from '../../../../src/container/commands/run-options.ts';
import type { IdentityEvidence } from '../../../../src/contract/gate/identity-evidence.ts';
import { usageErrorOf } from '../../../support/errors.ts';

const IDENTITY: IdentityEvidence = {
  feature: 'snmp',
  featureFile: '',
  containerName: '',
  namespaceId: '',
  runtimeOwner: 'local',
  imageVersion: '1.0',
  isInPod: false,
};

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

test('what the environment says is as binding as an option: an illegal value is refused, unless an option says it (F2)', () => {
  for (const [wrong, option, legal] of [
    [{ runtimeOwner: 'Kube' }, '-o', 'kube'],
    [{ imageVersion: 'a b' }, '-v', '1.0'],
    [{ feature: 'a b', containerName: 'snmp' }, '-f', 'snmp'],
  ] as const) {
    const evidence = { ...IDENTITY, ...wrong };
    assert.match(
      usageErrorOf(() => parseRunOptions(['--', 'app'], evidence)),
      /is not legal/,
    );
    assert.deepEqual(parseRunOptions([option, legal, '--', 'app'], evidence).command, ['app']);
  }
});
