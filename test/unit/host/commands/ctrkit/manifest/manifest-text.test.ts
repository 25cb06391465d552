import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import {
  encodeJsonList,
  encodeYaml,
} from '../../../../../../src/host/commands/ctrkit/manifest/manifest-text.ts';

const textOf = (value: string): string =>
  encodeYaml([{ a: value }], 'x')
    .split('a: ')[1]
    ?.trim() ?? '';

describe('objects as YAML', () => {
  test('keep texts that a YAML 1.1 reader would take for something else', () => {
    const doubtful =
      'true 1e3 0x10 1_000 20220531 on ~ 0o17 017 1:20 y N .5 5. +.inf = << 2022-05-31 0b11 0x1_0 1__0 NULL Off +0x1 ' +
      '0B1 0X1 0O17 1e1_0 1_0.5 2022-5-1 2022-05-31T10:00 nan NaN Infinity -inf tRue yes 1.0 1.0.0 _1 685_230.15 1,000 -';
    for (const word of [...doubtful.split(' '), '']) assert.match(textOf(word), /^'.*'$/, word);
  });

  test('leave plain what is', () => {
    for (const word of [
      'kube',
      'snmp_1.0_enabled',
      '/etc/sonic',
      'ctrkit/snmp:1.0.0',
      'DirectoryOrCreate',
      'no-one',
    ])
      assert.equal(textOf(word), word);
  });

  test('are one document each, in their own order, without references or folded lines', () => {
    const shared = { z: 'x '.repeat(200).trim(), a: 1 };
    const yaml = encodeYaml([{ b: shared, a: shared }, { c: true }], 'made');
    assert.deepEqual(loadAll(yaml), [{ b: shared, a: shared }, { c: true }]);
    assert.doesNotMatch(yaml, /&ref|\*ref|>-/);
    assert.match(yaml, /^# made\nb:\n {2}z: .*\n {2}a: 1\na:\n[^]*\n---\nc: true\n$/);
  });

  test('have a comment that can’t be broken out of', () => {
    const yaml = encodeYaml([{ a: 1 }], 'one\nkind: Pod\r\u2028kind: Pod\u0085x');
    assert.deepEqual(load(yaml), { a: 1 });
    assert.equal(yaml.split('\n').length, 3);
  });
});

test('objects as JSON are one List, as kubectl has it', () => {
  assert.deepEqual(JSON.parse(encodeJsonList([{ a: 1 }])), {
    apiVersion: 'v1',
    kind: 'List',
    items: [{ a: 1 }],
  });
});
