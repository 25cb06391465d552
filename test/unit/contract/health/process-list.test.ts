import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CRITICAL_KINDS,
  parseProcessList,
  WATCHDOG_KINDS,
} from '../../../../src/contract/health/process-list.ts';

const critical = (text: string) => parseProcessList(text, { path: 'F', kinds: CRITICAL_KINDS });
const names = (text: string): string[] => critical(text).entries.map(({ kind, name }) => `${kind}:${name}`);

describe('a list of processes', () => {
  test('names programs and groups, in its order, each once', () => {
    assert.deepEqual(critical('program:snmpd\ngroup:dhcp-relay\n\nprogram:snmpd\n'), {
      entries: [
        { kind: 'program', name: 'snmpd' },
        { kind: 'group', name: 'dhcp-relay' },
      ],
      errors: [],
    });
  });

  for (const text of ['', '\n', ' \r\n\t\n']) {
    test(`may be empty: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(critical(text), { entries: [], errors: [] });
    });
  }

  test('is read as people write it: blanks, other line ends, no line end, a mark of its encoding', () => {
    assert.deepEqual(names('\ufeff  program : a  \r\nprogram:b\t\r\nprogram:c'), [
      'program:a',
      'program:b',
      'program:c',
    ]);
  });

  test('takes every name that supervisord takes', () => {
    const legal = ['a', 'a.b_c-d', 'worker_00', 'ünï', '100%', '$(x)', '|', '__proto__', 'x'.repeat(128)];
    assert.deepEqual(
      names(legal.map((name) => `program:${name}\n`).join('')),
      legal.map((name) => `program:${name}`),
    );
  });

  for (const line of [
    'snmpd',
    '# program:snmpd',
    'program:',
    ':snmpd',
    'Program:snmpd',
    'program:a:b',
    'program:a b',
    'program:a/b',
    'program:a\u0000b',
    'program:a\u001b[31m',
    `program:${'x'.repeat(129)}`,
    'toString:x',
  ]) {
    test(`has its bad line named with file and number, and the others count: ${JSON.stringify(line).slice(0, 40)}`, () => {
      const { entries, errors } = critical(`program:a\n${line}\nprogram:z\n`);
      assert.deepEqual(
        entries.map(({ name }) => name),
        ['a', 'z'],
      );
      assert.equal(errors.length, 1);
      assert.match(errors[0] ?? '', /^F, line 2: ".*" is not "program:<name>" or "group:<name>"$/);
      assert.match(errors[0] ?? '', /^[ -~]{1,200}$/);
    });
  }

  test('of processes that beat knows no groups', () => {
    const list = parseProcessList('group:a\nprogram:b\n', { path: 'F', kinds: WATCHDOG_KINDS });
    assert.deepEqual(list.entries, [{ kind: 'program', name: 'b' }]);
    assert.deepEqual(list.errors, ['F, line 1: "group:a" is not "program:<name>"']);
  });

  test('that is too long is cut at a line, and says so', () => {
    const { entries, errors } = critical('program:a\n' + 'x'.repeat(70_000));
    assert.deepEqual(entries, [{ kind: 'program', name: 'a' }]);
    assert.deepEqual(errors, ['F: longer than 65536 bytes, the rest is not read']);
  });

  test('of too many entries is cut, and says so', () => {
    const { entries, errors } = critical(
      Array.from({ length: 600 }, (_, index) => `program:p${index}`).join('\n'),
    );
    assert.equal(entries.length, 500);
    assert.deepEqual(errors, ['F: more than 500 entries, the rest is not read']);
  });

  test('of nothing but nonsense says so in a few lines', () => {
    const { errors } = critical('x\n'.repeat(1_000));
    assert.equal(errors.length, 11);
    assert.equal(errors.at(-1), 'and 990 more of this file');
  });
});
