import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseStateOptions } from '../../../../src/container/commands/state-options.ts';
import { usageErrorOf } from '../../../support/errors.ts';

const refusal = (...args: readonly string[]): string => usageErrorOf(() => parseStateOptions(args));

describe('the options of container_state', () => {
  test('up takes an owner, and a version that is 0.0.0 if it is empty or missing', () => {
    const up = { feature: 'snmp', redisUrl: '', verb: 'up', owner: 'kube', version: '0.0.0', force: false };
    assert.deepEqual(parseStateOptions(['snmp', 'up', 'kube']), up);
    assert.deepEqual(parseStateOptions(['snmp', 'up', 'kube', '-v']), up);
    assert.deepEqual(parseStateOptions(['snmp', 'up', 'kube', '-v', '']), up);
    assert.deepEqual(parseStateOptions(['-v', '1.0', '--force', 'snmp', 'up', 'local']), {
      ...up,
      owner: 'local',
      version: '1.0',
      force: true,
    });
  });

  test('a bare --version at the end of the line is 0.0.0, as for the gate', () => {
    const options = parseStateOptions(['snmp', 'up', 'kube', '--version']);
    assert.equal(options?.verb === 'up' ? options.version : '', '0.0.0');
  });

  test('down and show', () => {
    const common = { feature: 'snmp', redisUrl: '' };
    assert.deepEqual(parseStateOptions(['snmp', 'down']), { ...common, verb: 'down', force: false });
    assert.deepEqual(parseStateOptions(['snmp', 'down', '--force']), {
      ...common,
      verb: 'down',
      force: true,
    });
    assert.deepEqual(parseStateOptions(['snmp', 'show']), { ...common, verb: 'show', json: false });
    assert.deepEqual(parseStateOptions(['snmp', 'show', '--json', '--redis', 'unix:///r']), {
      feature: 'snmp',
      redisUrl: 'unix:///r',
      verb: 'show',
      json: true,
    });
  });

  test('help is asked for with -h or --help, beside whatever else', () => {
    for (const args of [['-h'], ['--help'], ['snmp', 'show', '-h']])
      assert.equal(parseStateOptions(args), undefined);
  });

  test('a missing feature, verb or owner is told with what to write', () => {
    assert.match(refusal(), /no feature is named: write container_state FEATURE show/);
    assert.match(refusal('snmp'), /write up, down or show/);
    assert.match(refusal('snmp', 'up'), /no owner is named: write/);
  });

  test('a name, owner, version or verb that is not legal is refused', () => {
    for (const name of ['', 'a|b', 'a b', 'a'.repeat(33), 'a\nb'])
      assert.match(refusal(name, 'show'), /not legal/);
    for (const owner of ['', 'none', 'Kube'])
      assert.match(refusal('snmp', 'up', owner), /the owner ".*" is none/);
    for (const version of ['1 0', '1|0', '1'.repeat(129)])
      assert.match(refusal('snmp', 'up', 'kube', '-v', version), /the version ".*" is not legal/);
    for (const verb of ['', 'Up', 'restart']) assert.match(refusal('snmp', verb), /write up, down or show/);
  });

  test('a word too many is named', () => {
    assert.match(refusal('snmp', 'up', 'kube', 'now'), /"now" is one word too many/);
    assert.match(refusal('snmp', 'down', 'now'), /"now" is one word too many/);
    assert.match(refusal('snmp', 'show', 'now'), /"now" is one word too many/);
  });

  test('an unknown option is named', () => {
    assert.match(refusal('snmp', 'show', '--quiet'), /'--quiet'/);
  });

  const forged = {
    'line ends, escapes and bells': 'x\u001b[31m\nerror: forged\r\u0007',
    'DEL and the control characters of 8 bits': 'x\u007f\u009b31m',
    'the line ends of Unicode': 'x\u2028error: forged\u2029',
  };
  for (const [what, text] of Object.entries(forged)) {
    test(`${what} are never shown as they are in a name, an owner or a version`, () => {
      refusal(text, 'show');
      refusal('snmp', 'up', text);
      refusal('snmp', 'up', 'kube', '-v', text);
    });

    test(`${what} are never shown as they are in a verb, a word too many or an option`, () => {
      refusal('snmp', text);
      refusal('snmp', 'show', text);
      refusal('snmp', 'show', `--${text}`);
    });
  }
});
