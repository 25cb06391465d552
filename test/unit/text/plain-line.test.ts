import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPlainLine } from '../../../src/text/plain-line.ts';

test('text from anywhere becomes one line that neither colours, nor breaks, nor turns a terminal', () => {
  assert.equal(toPlainLine('a\nb\r\tc\u001b[31mred\u0000'), 'a b c [31mred ');
  assert.equal(toPlainLine('a\u0085b\u2028c\u2029d\u202ee\u200bf'), 'a b c d e f');
  assert.equal(toPlainLine('a\ud800b'), 'a b');
});

test('letters of any language stay, up to the longest length', () => {
  assert.equal(toPlainLine('Prüfung 検査'), 'Prüfung 検査');
  assert.equal(toPlainLine('abcdef', 3), 'abc');
});
