import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test, type TestContext } from 'node:test';
import { createMemoryFile } from '../../../../../src/host/adapters/memory/memory-file.ts';

function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-memory-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { file: createMemoryFile(folder), path: join(folder, 'memory.json'), folder };
}

const FEATURES = { snmp: { restarts: [] } };

describe('the memory file', () => {
  test('is read by the next daemon of this boot, not by one of another boot', (t) => {
    const { file, path } = open(t);
    assert.deepEqual(file.read('boot-1'), { features: {}, problem: '' });
    file.write('boot-1', FEATURES);
    assert.deepEqual(file.read('boot-1'), { features: FEATURES, problem: '' });
    assert.deepEqual(file.read('boot-2'), { features: {}, problem: '' });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('makes its folder', (t) => {
    const { folder } = open(t);
    const file = createMemoryFile(join(folder, 'run', 'ctrkit'));
    file.write('boot-1', FEATURES);
    assert.deepEqual(file.read('boot-1').features, FEATURES);
  });

  const broken: Readonly<Record<string, (path: string) => void>> = {
    'that is torn': (path) => writeFileSync(path, '{"format":1,"bootId":"boot-1","fea'),
    'of a newer format': (path) => writeFileSync(path, '{"format":2,"bootId":"boot-1","features":{}}'),
    'that is too long': (path) => writeFileSync(path, ' '.repeat(5_000_000)),
    'that is a folder': (path) => mkdirSync(path),
    'that is a link': (path) => {
      writeFileSync(`${path}.real`, JSON.stringify({ format: 1, bootId: 'boot-1', features: FEATURES }));
      symlinkSync(`${path}.real`, path);
    },
  };
  for (const [title, make] of Object.entries(broken))
    test(`${title} counts as absent, and it is said in one line`, (t) => {
      const { file, path } = open(t);
      make(path);
      const { features, problem } = file.read('boot-1');
      assert.deepEqual(features, {});
      assert.match(problem, /memory\.json does not count: [^\n]+; all counts start anew$/);
    });

  test('of another user counts as absent', { skip: geteuid?.() !== 0 && 'needs root' }, (t) => {
    const { file, path } = open(t);
    file.write('boot-1', FEATURES);
    chownSync(path, 65_534, 65_534);
    assert.match(file.read('boot-1').problem, /it is of user 65534, not of root/);
    assert.deepEqual(file.read('boot-1').features, {});
  });
});
