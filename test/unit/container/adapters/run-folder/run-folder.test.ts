import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { closeRunFolder } from '../../../../../src/container/adapters/run-folder/run-folder.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
  folder = join(root, 'ctrkit');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('the run folder', () => {
  test('that only its owner may write is left as it is', () => {
    for (const mode of [0o755, 0o700, 0o750]) {
      chmodSync(folder, mode);
      assert.deepEqual([closeRunFolder(folder), modeOf(folder)], [undefined, mode]);
    }
    assert.equal(closeRunFolder(join(root, 'none')), undefined);
  });

  test('that others may write, as an emptyDir, is closed, and it is told (S12)', () => {
    for (const [mode, closed] of [
      [0o777, 0o755],
      [0o2777, 0o2755],
      [0o770, 0o750],
      [0o733, 0o711],
    ] as const) {
      chmodSync(folder, mode);
      assert.match(closeRunFolder(folder) ?? '', /could be written by other users \(mode 0\d+\).* now$/);
      assert.equal(modeOf(folder), closed);
      assert.equal(closeRunFolder(folder), undefined);
    }
  });

  test('that is everybody’s on purpose is told, and left as it is (S12)', () => {
    chmodSync(folder, 0o1777);
    assert.match(closeRunFolder(folder) ?? '', /mode 01777\): they can change/);
    assert.equal(modeOf(folder), 0o1777);
  });

  const skip = process.getuid?.() === 0 ? false : 'needs root, to give a folder away';
  test('that belongs to another user is told (S12)', { skip }, () => {
    chownSync(folder, 65_534, 65_534);
    assert.match(closeRunFolder(folder) ?? '', /belongs to user 65534/);
    assert.equal(modeOf(folder) & 0o022, 0);
  });
});
