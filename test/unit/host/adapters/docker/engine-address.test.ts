import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEngineAddress } from '../../../../../src/host/adapters/docker/engine-address.ts';
import { isErrorOf } from '../../../../support/errors.ts';

test('an address is a path, as it is or as DOCKER_HOST has it, or the usual one', () => {
  assert.equal(parseEngineAddress(''), '/var/run/docker.sock');
  assert.equal(parseEngineAddress('unix:///run/other.sock'), '/run/other.sock');
  assert.equal(parseEngineAddress('/run/other.sock'), '/run/other.sock');
});

test('any other address is wrong usage: the images of another host are not to be cleaned up', () => {
  for (const text of [
    'tcp://10.0.0.1:2375',
    'ssh://root@host',
    'unix://',
    'docker.sock',
    '/a b',
    `/${'a'.repeat(107)}`,
  ]) {
    assert.throws(() => parseEngineAddress(text), isErrorOf('usage'), text);
  }
});
