import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createProcessListReader } from '../../../../src/container/adapters/process-lists.ts';
import { CRITICAL_KINDS } from '../../../../src/contract/health/process-list.ts';

describe('a list of processes in a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctrkit-lists-'));
    path = join(folder, 'critical_processes');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = () => createProcessListReader({ path, kinds: CRITICAL_KINDS });
  const names = (list: ReturnType<ReturnType<typeof open>>) => list.entries.map(({ name }) => name);

  test('that is not there is empty, and no error', () => {
    assert.deepEqual(open()(), { entries: [], errors: [] });
  });

  test('is read again when it is another one, and only then', () => {
    const read = open();
    writeFileSync(path, 'program:a\n');
    const first = read();
    assert.deepEqual(names(first), ['a']);
    assert.equal(read(), first);
    writeFileSync(path, 'program:a\nprogram:b\n');
    assert.deepEqual(names(read()), ['a', 'b']);
    rmSync(path);
    assert.deepEqual(names(read()), []);
  });

  test('is read again when only its time is another', () => {
    const read = open();
    writeFileSync(path, 'program:a\n');
    read();
    writeFileSync(path, 'program:b\n');
    utimesSync(path, 1_000, 1_000);
    assert.deepEqual(names(read()), ['b']);
  });

  test('still counts as it was last when it can’t be read any more, and says so', () => {
    const read = open();
    writeFileSync(path, 'program:a\n');
    read();
    rmSync(path);
    mkdirSync(path);
    const { errors } = read();
    assert.deepEqual(names(read()), ['a']);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /critical_processes can't be read: /);
  });

  for (const [title, make] of [
    ['a pipe that nobody writes to', () => execFileSync('mkfifo', [path])],
    ['a device that never ends', () => symlinkSync('/dev/zero', path)],
    ['a link to itself', () => symlinkSync(path, path)],
  ] as const) {
    test(`does no harm when it is ${title}`, () => {
      make();
      assert.match(open()().errors.join(), /can't be read/);
    });
  }

  test('of any size is read no further than its limit', () => {
    writeFileSync(path, 'program:a\n'.repeat(100_000));
    const { entries, errors } = open()();
    assert.equal(entries.length, 1);
    assert.match(errors.join(), /longer than 65536 bytes/);
  });
});
