import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findLostVariables } from '../../../../../src/container/adapters/proc/lost-variables.ts';

test('what a shell can not name is lost below it, and nothing else', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'ctrkit-lost-'));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, '7'));
  const entries = [
    'discovery.type=one=two',
    'MY-VAR=',
    'UNSET=1',
    'there.too=1',
    '1ST=1',
    '=x',
    'nothing',
    '',
  ];
  writeFileSync(join(proc, '7/environ'), entries.join('\0'));
  assert.deepEqual(findLostVariables(7, { 'there.too': 'x' }, proc), {
    'discovery.type': 'one=two',
    'MY-VAR': '',
    '1ST': '1',
  });
  assert.deepEqual(findLostVariables(8, {}, proc), {});
});
