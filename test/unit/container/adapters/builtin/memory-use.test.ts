import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findMemoryGroup, readMemoryUse } from '../../../../../src/container/adapters/builtin/memory-use.ts';

/** What a container sees; `captured` in a real one, or `written` from what is known of the runtime. */
interface Sample {
  readonly name: string;
  readonly says: string;
  readonly origin: 'captured' | 'written';
  /** The text of /proc/self/cgroup. */
  readonly cgroup: string;
  /** Below /sys/fs/cgroup. */
  readonly files: Readonly<Record<string, string>>;
  readonly expected: { readonly usedBytes: number; readonly limitBytes: number | null } | { error: string };
}

const table = new URL('../../../../vectors/memory/index.json', import.meta.url);
const samples = JSON.parse(readFileSync(table, 'utf8')) as readonly Sample[];

describe('the memory of a container, samples of the runtimes', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'ctrkit-memory-'));
  });
  after(() => rmSync(root, { recursive: true }));

  for (const { name, says, cgroup, files, expected } of samples) {
    test(`${name}: ${says}`, () => {
      const mount = join(root, name);
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(mount, file)), { recursive: true });
        writeFileSync(join(mount, file), content);
      }
      const readUse = () => readMemoryUse(findMemoryGroup(mount, cgroup));
      if ('error' in expected) {
        assert.throws(readUse, (error: Error) => error.message.endsWith(expected.error));
      } else {
        const { usedBytes, limitBytes } = readUse();
        assert.deepEqual({ usedBytes, limitBytes: limitBytes ?? null }, expected);
      }
    });
  }

  test('the table has samples of both versions', () => {
    assert.ok(samples.filter(({ name }) => name.startsWith('v1-')).length >= 5);
    assert.ok(samples.filter(({ name }) => name.startsWith('v2-')).length >= 5);
  });
});
