import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { removeIfExists, replaceFile } from '../../../../src/adapters/disk/replace-file.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-replace-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (): string => readFileSync(path, 'utf8');

describe('a file that is replaced', () => {
  for (const isDurable of [false, true])
    test(`has the text and the mode, whatever the umask, and nothing is left beside it (durable: ${isDurable})`, () => {
      const before = process.umask(0o077);
      try {
        replaceFile(path, 'one', { mode: 0o600, isDurable });
        replaceFile(path, 'two', { mode: 0o644, isDurable });
      } finally {
        process.umask(before);
      }
      assert.equal(read(), 'two');
      assert.equal(statSync(path).mode & 0o777, 0o644);
      assert.deepEqual(readdirSync(folder), ['file']);
    });

  test('does not go through a link that somebody has put in the temporary file’s place', () => {
    const temporary = join(folder, 'temporary');
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, temporary);
    replaceFile(path, 'text', { mode: 0o644, temporary });
    assert.equal(readFileSync(victim, 'utf8'), 'untouched');
    assert.equal(read(), 'text');
  });

  test('stays as it was where the new one can’t take its place, and no temporary file is left', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), '');
    assert.throws(() => replaceFile(path, 'text', { mode: 0o644 }), { code: /EISDIR|ENOTEMPTY|EEXIST/ });
    assert.deepEqual(readdirSync(folder), ['file']);
  });

  test('that can’t be removed is no error', () => {
    writeFileSync(path, '');
    removeIfExists(join(path, 'below'));
    removeIfExists(folder);
    assert.equal(read(), '');
    removeIfExists(path);
    assert.deepEqual(readdirSync(folder), []);
  });
});
