import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseContainerLine } from '../../../../../src/host/commands/container/options.ts';
import { isErrorOf } from '../../../../support/errors.ts';

const parse = (line: string) => {
  const parsed = parseContainerLine(line.split(' ').filter((word) => word !== ''));
  assert.equal(parsed.kind, 'run', line);
  return parsed.kind === 'run' ? parsed.options : undefined;
};
const snmp = { name: 'snmp', redisUrl: '' };

describe('the command line of container', () => {
  test('is that of the shipped command, with -t in any place', () => {
    assert.deepEqual(parse('start snmp'), { ...snmp, action: 'start' });
    assert.deepEqual(parse('wait snmp'), { ...snmp, action: 'wait' });
    assert.deepEqual(parse('id snmp'), { ...snmp, action: 'id' });
    const stop = { ...snmp, action: 'stop', skipUpdates: false };
    assert.deepEqual(parse('stop snmp'), { ...stop, graceS: 10 });
    for (const line of ['stop -t 60 snmp', 'stop snmp -t 60', '-t 60 stop snmp', 'stop snmp --timeout=60'])
      assert.deepEqual(parse(line), { ...stop, graceS: 60 }, line);
    assert.deepEqual(parse('kill snmp -t 5'), { ...snmp, action: 'kill', skipUpdates: false });
  });

  test('takes --skip-updates for stop and kill alone', () => {
    assert.deepEqual(parse('kill --skip-updates snmp'), { ...snmp, action: 'kill', skipUpdates: true });
    assert.deepEqual(parse('stop snmp --skip-updates'), {
      ...snmp,
      action: 'stop',
      graceS: 10,
      skipUpdates: true,
    });
    assertWrong('start --skip-updates snmp', /--skip-updates is for stop and kill/);
  });

  test('takes a record by hand, a missing version being 0.0.0', () => {
    const up = { ...snmp, action: 'up', owner: 'kube' };
    assert.deepEqual(parse('state snmp up kube -v 1.2'), { ...up, version: '1.2' });
    assert.deepEqual(parse('state snmp up kube'), { ...up, version: '0.0.0' });
    assert.deepEqual(parse('state snmp up kube -v'), { ...up, version: '0.0.0' });
    assert.deepEqual(parse('state snmp down'), { ...snmp, action: 'down' });
  });

  test('takes where the databases are', () => {
    assert.equal(parse('id snmp --redis unix:///r.sock')?.redisUrl, 'unix:///r.sock');
    assert.equal(parse('--redis unix:///r.sock id snmp')?.redisUrl, 'unix:///r.sock');
  });

  test('is refused where it can’t be meant, in one line that says why', () => {
    assertWrong('', /missing required argument 'action'/);
    assertWrong('start', /missing required argument 'name'/);
    assertWrong('fly snmp', /"fly" is nothing to do: write start, stop, /);
    assertWrong('start snmp lldp', /"lldp" is one word too many/);
    assertWrong('stop snmp -t soon', /the timeout "soon" is none/);
    assertWrong('stop snmp -t -1', /timeout/);
    assertWrong('stop snmp -t 99999', /timeout/);
    assertWrong('stop snmp --fast', /unknown option '--fast'/);
    assertWrong('start snmp -v 1', /--version is for state/);
    assertWrong('state snmp', /write up local, up kube or down/);
    assertWrong('state snmp up', /the owner "" is none/);
    assertWrong('state snmp up root', /the owner "root" is none/);
    assertWrong('state snmp up kube -v a|b', /version "a\|b" is not legal/);
    assertWrong('state snmp down now', /"now" is one word too many/);
  });

  test('a name that is none reaches no database and no path', () => {
    for (const name of ['../x', 'a b', '-x', 'a|b', 'x'.repeat(33), 'ä', '']) {
      assert.throws(() => parseContainerLine(['stop', name]), isErrorOf('usage'), name);
      assert.throws(() => parseContainerLine(['state', name, 'down']), isErrorOf('usage'), name);
    }
  });

  test('never repeats a password', () => {
    for (const line of [
      'stop --redsi=redis://:secret@h snmp',
      'stop snmp redis://:secret@h',
      'id redis://:secret@h',
    ])
      assert.throws(
        () => parse(line),
        (error: Error) => !error.message.includes('secret'),
        line,
      );
  });

  test('--help is an answer, with examples and every exit code', () => {
    for (const line of [['--help'], ['-h'], ['start', '--help']]) {
      const help = parseContainerLine(line);
      assert.equal(help.kind, 'help');
      const text = help.kind === 'help' ? help.text : '';
      assert.match(text, /^Usage: container /);
      for (const part of ['container stop -t 60 snmp', '--skip-updates', 'CTRKIT_REVERT_TO_LOCAL', '75'])
        assert.ok(text.includes(part), part);
      assert.ok(text.split('\n').every((row) => row.length <= 100));
    }
  });
});

function assertWrong(line: string, message: RegExp): void {
  assert.throws(() => parse(line), isErrorOf('usage', message), line);
}
