import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInput } from '../../../../src/host/adapters/read-input.ts';
import { isErrorOf } from '../../../support/errors.ts';

const isUsage = (message: RegExp) => isErrorOf('usage', message);

test('a named file is read whole, and no more of it than is wanted', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'x');
  writeFileSync(file, 'ä'.repeat(50));
  assert.equal(await readInput(file, 100), 'ä'.repeat(50));
  await assert.rejects(readInput(file, 99), isUsage(/x has more than 99 bytes/));
  await assert.rejects(readInput('/dev/zero', 1_000), isUsage(/\/dev\/zero has more than 1000 bytes/));
  await assert.rejects(readInput(join(folder, 'none'), 10), isUsage(/none can't be read: ENOENT/));
  await assert.rejects(readInput(folder, 10), isUsage(/can't be read: EISDIR/));
});
