import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAsciiJson, markUnprintable, toOneLine, toPlainLine } from '../../../src/text/printable.ts';

test('text from anywhere becomes one line that neither colours, nor breaks, nor turns a terminal', () => {
  assert.equal(toPlainLine('a\nb\r\tc\u001b[31mred\u0000'), 'a b c [31mred ');
  assert.equal(toPlainLine('a\u0085b\u2028c\u2029d\u202ee\u200bf'), 'a b c d e f');
  assert.equal(toPlainLine('a\ud800b'), 'a b');
  assert.equal(toPlainLine('a\u00a0b\u3000c\u05d0\u05d1d\u0627e\u{1e900}f  g'), 'a b c d e f  g');
});

test('letters of any language stay, up to the longest length', () => {
  assert.equal(toPlainLine('Prüfung 検査'), 'Prüfung 検査');
  assert.equal(toPlainLine('abcdef', 3), 'abc');
});

test('a row’s text is ASCII: each run of anything else is one space', () => {
  assert.equal(toOneLine('a\n\nb – c', 20), 'a b   c');
  assert.equal(toOneLine('abcdef', 3), 'abc');
});

test('what could not be shown is marked, once a run', () => {
  assert.equal(markUnprintable('a\u001b[31m\nü'), 'a?[31m?');
});

test('JSON in ASCII is the same value, and shows nothing of it raw', () => {
  const value = { é: 'a\u009b1m\u2028\u202e\u007f\u{1f600}"\\' };
  const json = encodeAsciiJson(value, 0);
  assert.match(json, /^[ -~]+$/);
  assert.deepEqual(JSON.parse(json), value);
});
