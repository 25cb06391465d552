import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isContainerId, isFeatureName, isVersion, NO_VERSION } from '../../../src/contract/names.ts';

/** What forges a key, a line or a terminal wherever it gets through. */
const HOSTILE = [
  'a|b',
  'a b',
  'a\tb',
  'a\nb',
  'a\n',
  '\na',
  'a\0',
  '\u001b[31m',
  'a\u007f',
  'a\u009b',
  'ä',
  '名',
  '\u2028',
];

describe('feature names', () => {
  test('letters, digits, _ and -, beginning with a letter or digit', () => {
    for (const name of ['snmp', 'dhcp_relay', 'mgmt-framework', 'p4rt', '4', 'BGP', 'a'.repeat(32)])
      assert.equal(isFeatureName(name), true, name);
  });

  test('an empty name and one of 33 characters are none', () => {
    assert.equal(isFeatureName(''), false);
    assert.equal(isFeatureName('a'.repeat(33)), false);
  });

  test('a name that begins with _ or - is none: it would be taken for an option', () => {
    for (const name of ['-f', '_x', '--help', '.hidden']) assert.equal(isFeatureName(name), false, name);
  });

  test('separators, blanks, line ends, control characters, patterns and paths are in no name', () => {
    for (const name of [...HOSTILE, 'a:b', 'a*', 'a?', '[a]', '../a', 'a/b', 'a.b', 'a,b', 'a"b'])
      assert.equal(isFeatureName(name), false, JSON.stringify(name));
  });
});

describe('versions', () => {
  test('anything printable in ASCII but the blank and the separator', () => {
    for (const text of ['0.0.0', '20201230.11', 'master.921927-18199d73f', 'v1+a~b_c{d}e', '"', '!', '~'])
      assert.equal(isVersion(text), true, text);
  });

  test('128 characters are a version, 129 and none are not', () => {
    assert.equal(isVersion('1'.repeat(128)), true);
    assert.equal(isVersion('1'.repeat(129)), false);
    assert.equal(isVersion(''), false);
  });

  test('separators, blanks, line ends and control characters are in no version', () => {
    for (const text of HOSTILE) assert.equal(isVersion(text), false, JSON.stringify(text));
  });

  test('an image that has no version has 0.0.0', () => {
    assert.equal(NO_VERSION, '0.0.0');
    assert.equal(isVersion(NO_VERSION), true);
  });
});

describe('container ids', () => {
  test('what Docker shortens, what an owner hands in, and unknown', () => {
    for (const id of ['0123456789ab', 'unknown', 'snmp-pod.0_1', 'a'.repeat(64)])
      assert.equal(isContainerId(id), true, id);
  });

  test('no separators, paths, line ends, control characters, nor 65 characters', () => {
    for (const id of [...HOSTILE, '', '-a', '.a', '../a', 'a/b', 'a:b', 'a'.repeat(65)])
      assert.equal(isContainerId(id), false, JSON.stringify(id));
  });
});
