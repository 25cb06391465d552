import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DEFAULT_CHECKS_CONFIG } from '../../../../src/container/health/checks-config/checks-config.ts';
import { readChecksConfig } from '../../../../src/container/adapters/checks-file.ts';

const isRoot = process.getuid?.() === 0;

describe('reading checks.toml', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctrkit-checks-'));
    path = join(folder, 'checks.toml');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (content: string | Buffer): void => writeFileSync(path, content, { mode: 0o644 });

  async function assertUnreadable(why: string): Promise<void> {
    assert.deepEqual(await readChecksConfig(path), {
      config: DEFAULT_CHECKS_CONFIG,
      errors: [`can't be read: ${why}`],
      warnings: [],
      isThere: true,
    });
  }

  test('no file is needed', async () => {
    assert.deepEqual(await readChecksConfig(path), {
      config: DEFAULT_CHECKS_CONFIG,
      errors: [],
      warnings: [],
      isThere: false,
    });
  });

  test('a file is read', async () => {
    write('startProgram = "boot"\n');
    const { config, ...rest } = await readChecksConfig(path);
    assert.equal(config.startProgram, 'boot');
    assert.deepEqual(rest, { errors: [], warnings: [], isThere: true });
  });

  test('a wrong file counts for nothing, and its errors are told', async () => {
    write('startProgram = "boot"\nstartupGraceSeconds = "x"\n');
    const { config, errors } = await readChecksConfig(path);
    assert.deepEqual(config, DEFAULT_CHECKS_CONFIG);
    assert.equal(errors.length, 1);
  });

  test('a file of 64 kB is read, a larger one refused', async () => {
    write(`a = 1\n#${'x'.repeat(64 * 1024 - 7)}`);
    assert.match((await readChecksConfig(path)).errors[0] ?? '', /^a: no such key here/);
    write(`a = 1\n#${'x'.repeat(64 * 1024 - 6)}`);
    await assertUnreadable('it has more than 64 kB');
  });

  test('what is no text in UTF-8 is refused', async () => {
    write(Buffer.from('startProgram = "\xff"', 'latin1'));
    await assertUnreadable('it is not UTF-8');
  });

  test('a folder or a pipe in its place is refused, and holds nobody up', async () => {
    mkdirSync(path);
    await assertUnreadable('it is no regular file');
    rmSync(path, { recursive: true });
    assert.equal(spawnSync('/bin/sh', ['-c', 'mkfifo "$1"', 'sh', path]).status, 0);
    await assertUnreadable('it is no regular file');
  });

  test('one that others may write is used, with a warning', async () => {
    write('startProgram = "boot"\n');
    chmodSync(path, 0o664);
    const { config, errors, warnings } = await readChecksConfig(path);
    assert.equal(config.startProgram, 'boot');
    assert.deepEqual(errors, []);
    assert.deepEqual(warnings, [`others than root may write ${path}: chmod go-w ${path}`]);
  });

  test('one that belongs to another user is used, with a warning', { skip: !isRoot }, async () => {
    write('# nothing\n');
    chownSync(path, 1234, 0);
    const { errors, warnings } = await readChecksConfig(path);
    assert.deepEqual(errors, []);
    assert.deepEqual(warnings, [`${path} belongs to user 1234: chown root ${path}`]);
  });
});
