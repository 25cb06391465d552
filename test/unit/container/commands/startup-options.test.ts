import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseStartupOptions, STARTUP_HELP } from '../../../../src/container/commands/startup-options.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { usageErrorOf } from '../../../support/errors.ts';

const refusal = (...args: readonly string[]): string => usageErrorOf(() => parseStartupOptions(args));

const KUBE = ['-f', 'snmp', '-o', 'kube'];
const versionOf = (...args: readonly string[]) => parseStartupOptions([...KUBE, ...args])?.version;

describe('the options of the gate', () => {
  test('short and long forms, as the shipped gate has them', () => {
    const wanted = { feature: 'snmp', owner: 'kube', version: '1.0', once: false, redisUrl: '' };
    assert.deepEqual(parseStartupOptions([...KUBE, '-v', '1.0']), wanted);
    assert.deepEqual(parseStartupOptions(['--feature', 'snmp', '--owner=kube', '--version', '1.0']), wanted);
    assert.deepEqual(parseStartupOptions(['-v', '1.0', '-o', 'kube', '-f', 'snmp']), wanted);
  });

  test('--once and --redis', () => {
    const options = parseStartupOptions([...KUBE, '--once', '--redis', 'unix:///r.sock']);
    assert.deepEqual([options?.once, options?.redisUrl], [true, 'unix:///r.sock']);
  });

  test('what follows -- is the application’s', () => {
    assert.equal(versionOf('-v', '1.0', '--', 'app', '-v', '2.0', '--help', '--'), '1.0');
    assert.equal(versionOf('-v', '--', 'app'), '0.0.0');
    assert.equal(refusal(...KUBE, '--'), 'no command follows --: write -- COMMAND [ARG...]');
    assert.throws(() => parseStartupOptions(['--help', '--', 'app']), CtrkitError);
  });

  test('beside a command owner and version may be left out, and an illegal one is refused', () => {
    const { owner, version } = parseStartupOptions(['-f', 'snmp', '--', 'app', '-o', 'kube']) ?? {};
    assert.deepEqual([owner, version], [undefined, undefined]);
    assert.match(refusal('-f', 'snmp', '-o', '', '--', 'app'), /the owner "" is none/);
    assert.match(refusal('-f', 'snmp'), /no owner is named/);
  });

  test('an option with a value that is there twice is refused by its name, in whatever form', () => {
    assert.equal(refusal('-f', 'snmp', ...KUBE), '--feature is there twice: write it once');
    assert.equal(refusal(...KUBE, '--owner=local'), '--owner is there twice: write it once');
    assert.equal(refusal(...KUBE, '-v1.0', '-v', '--', 'app'), '--version is there twice: write it once');
    assert.equal(refusal(...KUBE, '--redis', '', '--redis', ''), '--redis is there twice: write it once');
    assert.equal(parseStartupOptions([...KUBE, '--once', '--once'])?.once, true);
  });

  test('help is asked for with -h or --help alone', () => {
    for (const args of [['-h'], ['--help']]) assert.equal(parseStartupOptions(args), undefined);
  });

  test('help beside anything else is wrong usage: an unquoted version with a -h in it must not be a go', () => {
    for (const args of [
      [...KUBE, '-h'],
      ['-f', 'snmp', '-o', 'kube', '-v', '1.0', '--help'],
    ])
      assert.throws(() => parseStartupOptions(args), CtrkitError);
  });

  test('a URL in the wrong place is not repeated: it may hold a password', () => {
    for (const args of [
      [...KUBE, 'redis://:hunter2@host'],
      ['-f', 'user:hunter2@host', '-o', 'kube'],
    ])
      assert.throws(
        () => parseStartupOptions(args),
        (error: Error) => !error.message.includes('hunter2'),
      );
  });

  test('the help names every option and exit code', () => {
    for (const word of ['--feature', '--owner', '--version', '--once', '--redis', '--help'])
      assert.ok(STARTUP_HELP.includes(word), word);
    assert.match(STARTUP_HELP, /0 go, 64 .*70 .*128\+n/);
  });
});

describe('the version', () => {
  test('missing, empty, or a bare -v at the end of the line is 0.0.0', () => {
    assert.equal(versionOf(), '0.0.0');
    assert.equal(versionOf('-v', ''), '0.0.0');
    assert.equal(versionOf('--version='), '0.0.0');
    assert.equal(versionOf('-v'), '0.0.0');
    assert.equal(versionOf('--version'), '0.0.0');
  });

  test('a version that begins with a dash is one when written with =', () => {
    assert.equal(versionOf('--version=-1'), '-1');
  });

  for (const version of ['1 0', '1|0', '1\n0', '\u001b[31m', '1'.repeat(129), 'é'])
    test(`${JSON.stringify(version.slice(0, 12))} is refused, with the rule`, () =>
      assert.match(
        refusal(...KUBE, '-v', version),
        /the version ".*" is not legal: write at most 128 printable/,
      ));
});

describe('the feature', () => {
  test('a missing one is told', () => {
    assert.match(refusal('-o', 'kube'), /no feature is named: write -f FEATURE/);
  });

  for (const name of [
    '',
    ' ',
    'a|b',
    'a b',
    'a'.repeat(33),
    'a\nb',
    'a\r\u001b]0;title\u0007',
    '../a',
    '*',
    'ä',
  ])
    test(`${JSON.stringify(name)} is refused, with the rule`, () =>
      assert.match(refusal('-f', name, '-o', 'kube'), /the feature's name ".*" is not legal: write 1 to 32/));

  test('32 characters are legal', () => {
    assert.equal(parseStartupOptions(['-f', 'a'.repeat(32), '-o', 'local'])?.feature, 'a'.repeat(32));
  });
});

describe('the owner', () => {
  test('local and kube', () => {
    for (const owner of ['local', 'kube'])
      assert.equal(parseStartupOptions(['-f', 'snmp', '-o', owner])?.owner, owner);
  });

  test('a missing one is told', () => {
    assert.match(refusal('-f', 'snmp'), /no owner is named: write -o local or -o kube/);
  });

  for (const owner of ['', 'none', 'Kube', 'kube ', 'root', '\u001b[2J', 'k'.repeat(3_000)])
    test(`${JSON.stringify(owner.slice(0, 12))} is refused`, () =>
      assert.match(refusal('-f', 'snmp', '-o', owner), /the owner ".*" is none: write -o local or -o kube/));
});

describe('what is no option', () => {
  test('an unknown option is named', () => {
    assert.match(refusal(...KUBE, '--force'), /'--force'/);
    assert.match(refusal(...KUBE, '-x'), /'-x'/);
  });

  test('a word too many is named', () => {
    assert.match(refusal(...KUBE, 'now'), /"now" is one word too many/);
  });

  test('an option without its value is told', () => {
    assert.match(refusal('-f', 'snmp', '-o'), /-o/);
    assert.match(refusal('-f', '-o', 'kube'), /-f/);
  });

  test('a value for an option that takes none is told', () => {
    assert.match(refusal(...KUBE, '--once=yes'), /--once/);
  });

  const forged = {
    'line ends, escapes and bells': 'x\u001b[31m\nerror: forged\r\u0007',
    'DEL and the control characters of 8 bits': 'x\u007f\u009b31m',
    'the line ends of Unicode': 'x\u2028error: forged\u2029',
  };
  for (const [what, text] of Object.entries(forged)) {
    test(`${what} are never shown as they are in a name, an owner, a version or a word`, () => {
      refusal('-f', text, '-o', 'kube');
      refusal('-f', 'snmp', '-o', text);
      refusal(...KUBE, '-v', text);
      refusal(...KUBE, text);
    });

    test(`${what} are never shown as they are in an option`, () => {
      refusal(...KUBE, `--${text}`);
      refusal(...KUBE, `--once=${text}`);
      refusal(...KUBE, `-${text.slice(1)}`);
    });
  }

  test('of a long option only the beginning is shown', () => {
    refusal(...KUBE, `--${'x'.repeat(5_000)}`);
  });
});
