import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  linkSync,
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
import { removeIfExists } from '../../../../../src/adapters/disk/replace-file.ts';
import {
  overwriteLine,
  readIfExists,
  watchFiles,
  writeAtomically,
} from '../../../../../src/container/adapters/run-folder/files.ts';
import { until } from '../../../../support/until.ts';
import { isErrorOf } from '../../../../support/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isDefect = isErrorOf('defect');

describe('a file of the run folder', () => {
  test('is there whole, with its mode, and nothing else is', () => {
    const below = join(folder, 'run/ctrkit');
    writeAtomically(below, 'claim.json', 'one', 0o600);
    writeAtomically(below, 'claim.json', 'two', 0o600);
    assert.deepEqual(readdirSync(below), ['claim.json']);
    assert.equal(readFileSync(join(below, 'claim.json'), 'utf8'), 'two');
    assert.equal(statSync(join(below, 'claim.json')).mode & 0o777, 0o600);
  });

  test('that can’t be written is a defect that names it, and leaves nothing behind', () => {
    mkdirSync(join(folder, 'health'));
    assert.throws(
      () => writeAtomically(folder, 'health', 'x', 0o644),
      (error: Error) => {
        assert.match(error.message, /\/health can't be written: /);
        return isDefect(error);
      },
    );
    assert.deepEqual(readdirSync(folder), ['health']);
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => writeAtomically(join(folder, 'file'), 'health', 'x', 0o644), isDefect);
  });

  test('is written over in place by a line that is longer or shorter', () => {
    const path = join(folder, 'health');
    writeFileSync(path, 'a line\n');
    for (const line of ['a longer line\n', 'short\n']) {
      overwriteLine(path, line);
      assert.equal(readFileSync(path, 'utf8'), line);
    }
    assert.throws(() => overwriteLine(join(folder, 'none'), 'x'));
    assert.deepEqual(readdirSync(folder), ['health']);
  });

  test('is empty where there is none, and removed whether there is one or not', () => {
    const path = join(folder, 'claim.json');
    assert.equal(readIfExists(path), '');
    assert.throws(() => readIfExists(folder), { code: 'defect' });
    removeIfExists(path);
    removeIfExists(join(folder, 'none/claim.json'));
    writeFileSync(path, 'x');
    removeIfExists(path);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe('a link in the place of a file of the run folder', () => {
  const target = () => join(folder, 'target');
  const path = () => join(folder, 'health');
  beforeEach(() => writeFileSync(target(), 'of somebody else\n'));
  const isUntouched = () => assert.equal(readFileSync(target(), 'utf8'), 'of somebody else\n');

  test('is replaced by a write, and not followed (S12)', () => {
    for (const name of ['health', `health.${process.pid}.tmp`]) {
      symlinkSync(target(), join(folder, name));
      writeAtomically(folder, 'health', 'a line\n', 0o644);
      assert.equal(readFileSync(path(), 'utf8'), 'a line\n');
      isUntouched();
    }
  });

  test('is not written over in place, be it a symbolic or a hard one (S12)', () => {
    for (const link of [symlinkSync, linkSync]) {
      link(target(), path());
      assert.throws(() => overwriteLine(path(), 'x'));
      isUntouched();
      rmSync(path());
    }
  });

  test('is not read, and neither is a pipe waited for (S12)', () => {
    symlinkSync(target(), path());
    assert.throws(() => readIfExists(path()), isDefect);
    rmSync(path());
    spawnSync('mkfifo', [path()]);
    assert.throws(() => readIfExists(path()), isDefect);
    assert.throws(() => overwriteLine(path(), 'x'));
  });
});

describe('a watched folder', { timeout: 600_000 }, () => {
  test('tells of its files, written anew or removed, and of no other, until it is left', async () => {
    let changes = 0;
    const unwatch = watchFiles(join(folder, 'new'), ['claim.json'], () => (changes += 1));
    const other = watchFiles(join(folder, 'new'), ['other'], () => (changes += 1_000));
    try {
      writeAtomically(join(folder, 'new'), 'health', 'x', 0o644);
      writeAtomically(join(folder, 'new'), 'claim.json', 'x', 0o600);
      await until('it tells of the file', () => changes > 0);
      changes = 0;
      removeIfExists(join(folder, 'new/claim.json'));
      await until('it tells that it has gone', () => changes > 0);
    } finally {
      unwatch();
      other();
    }
    assert.ok(changes < 1_000);
  });

  test('that can’t be watched is looked at without', () => {
    writeFileSync(join(folder, 'file'), '');
    watchFiles(join(folder, 'file/below'), ['claim.json'], () => {})();
  });

  test('that is removed does no harm', async () => {
    const unwatch = watchFiles(join(folder, 'new'), ['claim.json'], () => {});
    let isGone = false;
    const upper = watchFiles(folder, ['new'], () => (isGone = true));
    try {
      rmSync(join(folder, 'new'), { recursive: true });
      await until('its end is told', () => isGone);
    } finally {
      unwatch();
      upper();
    }
  });
});
