import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { readIfExists, writeAtomically } from '../../../../../src/container/adapters/run-folder/files.ts';
import { createAgentPresence } from '../../../../../src/container/adapters/run-folder/agent-presence-file.ts';
import {
  clearRunFolder,
  closeRunFolder,
} from '../../../../../src/container/adapters/run-folder/run-folder.ts';

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

  test('loses what stands in the way of the kit’s files, and nothing else', () => {
    mkdirSync(join(folder, 'health/full'), { recursive: true });
    mkdirSync(join(folder, 'health.17.tmp'));
    spawnSync('mkfifo', [join(folder, 'gate.json')]);
    symlinkSync(join(root, 'secret'), join(folder, 'agent.json'));
    writeFileSync(join(root, 'secret'), 'secret');
    writeFileSync(join(folder, 'hooks.json'), '');
    truncateSync(join(folder, 'hooks.json'), 3_000_000_000);
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'claim.json'), 'mine');
    const said = clearRunFolder(folder) ?? '';
    for (const name of ['health', 'health.17.tmp', 'gate.json', 'agent.json'])
      assert.match(said, new RegExp(`${name}, it is no regular file`));
    assert.match(said, /hooks\.json, it is too long/);
    const left = readdirSync(folder).filter((name) => !name.endsWith('.foreign'));
    assert.deepEqual(left, ['claim.json', 'other']);
    assert.equal(readFileSync(join(root, 'secret'), 'utf8'), 'secret');
    assert.equal(clearRunFolder(folder), undefined);
    writeAtomically(folder, 'health', 'x', 0o644);
    assert.equal(clearRunFolder(join(root, 'none')), undefined);
  });

  test('a pipe or a link in the place of agent.json is written over', () => {
    const presence = createAgentPresence(folder, 'start');
    spawnSync('mkfifo', [join(folder, 'agent.json')]);
    presence.write('running');
    assert.equal(presence.read()?.isAlive, true);
    rmSync(join(folder, 'agent.json'));
    symlinkSync('/dev/zero', join(folder, 'agent.json'));
    presence.write('stopping');
    assert.equal(presence.read()?.isStopping, true);
  });

  test(
    'a file of another user is not believed, and removed; that of root or of the folder’s owner is',
    { skip },
    () => {
      const path = join(folder, 'claim.json');
      writeFileSync(path, 'a claim');
      chownSync(path, 65_534, 65_534);
      assert.throws(() => readIfExists(path), /claim\.json can't be read: it belongs to user 65534/);
      chownSync(folder, 65_534, 65_534);
      assert.equal(readIfExists(path), 'a claim');
      assert.equal(clearRunFolder(folder), undefined);
      chownSync(folder, 0, 0);
      assert.match(clearRunFolder(folder) ?? '', /claim\.json, it belongs to user 65534$/);
      assert.equal(readIfExists(path), '');
      writeFileSync(path, 'a claim');
      assert.equal(readIfExists(path), 'a claim');
    },
  );

  test('a file that is too long is not read', () => {
    const path = join(folder, 'gate.json');
    writeFileSync(path, '');
    truncateSync(path, 3_000_000_000);
    assert.throws(() => readIfExists(path), /gate\.json can't be read: it is too long/);
  });
});
