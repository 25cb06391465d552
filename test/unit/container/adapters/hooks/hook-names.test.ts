import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { selectHooks } from '../../../../../src/container/adapters/hooks/hook-names.ts';

describe('which entries of a folder are hooks', () => {
  test('those with a legal name, in the order of bytes', () => {
    const { files, warnings } = selectHooks(['snmp.py', 'B', '10-a', 'a_b', '9', 'x'.repeat(64)]);
    assert.deepEqual(files, ['10-a', '9', 'B', 'a_b', 'snmp.py', 'x'.repeat(64)]);
    assert.deepEqual(warnings, []);
  });

  test('hidden files and leftovers are none, without a word', () => {
    const leftovers = ['.a', '..data', 'a~', '#a#', 'a.bak', 'a.orig', 'a.swp', 'a.tmp', 'a.disabled'];
    const packaged = ['a.dpkg-old', 'a.dpkg-dist', 'a.ucf-new', 'a.rpmsave', 'a.rpmnew'];
    assert.deepEqual(selectHooks([...leftovers, ...packaged]), { files: [], warnings: [] });
  });

  test('a name that says bak or tmp elsewhere is one', () => {
    assert.deepEqual(selectHooks(['bak', 'tmp', 'a.bak.sh', 'backup', 'old-one']).files.length, 5);
  });

  test('an illegal name is none, and that is said without repeating its bytes', () => {
    const { files, warnings } = selectHooks(['a b', 'ok', '-rf', 'ü\n', 'x'.repeat(65)]);
    assert.deepEqual(files, ['ok']);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^"-rf" is no name of a hook [ -~]*\(4 such\)$/);
    assert.match(selectHooks(['ü\n\u001b']).warnings[0] ?? '', /^[ -~]*$/);
  });

  test('more than 64 are too many, and that is said', () => {
    const { files, warnings } = selectHooks(Array.from({ length: 100 }, (_, at) => `h${at + 100}`));
    assert.equal(files.length, 64);
    assert.deepEqual(warnings, ['100 hooks are too many: only the first 64 are run']);
  });
});
