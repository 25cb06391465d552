import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readSonicVersion } from '../../../../../src/host/adapters/kubernetes/sonic-version.ts';

describe('the version of SONiC', () => {
  test('is build_version as it is written, also where it looks like a number', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctrkit-version-'));
    const path = join(folder, 'sonic_version.yml');
    try {
      for (const [text, version] of [
        ["build_version: 'master.921927-18199d73f'\ndebian_version: '12'\n", 'master.921927-18199d73f'],
        ['build_version: 20220531.10\n', '20220531.10'],
        ['build_version: 1e3\n', '1e3'],
      ] as const) {
        writeFileSync(path, text);
        assert.deepEqual(await readSonicVersion(path), { version, warning: undefined });
      }
      for (const text of ['', 'build_version: {}\n', 'a: [', 'x'.repeat(70_000)]) {
        writeFileSync(path, text);
        const { version, warning } = await readSonicVersion(path);
        assert.equal(version, '');
        assert.match(warning ?? '', /^\S+ can't be used: [^\n]+$/);
      }
      rmSync(path);
      assert.deepEqual(await readSonicVersion(path), { version: '', warning: undefined });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
