import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listHooks } from '../../../../../src/container/adapters/hooks/list-hooks.ts';

describe('the hooks as an image builder sees them', () => {
  let folder = '';
  beforeEach(() => {
    // /tmp is everybody's: no hook there would be run.
    const safePlace = process.getuid?.() === 0 ? '/var/lib' : homedir();
    folder = mkdtempSync(join(safePlace, 'ctrkit-list-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('folders that do not exist hold none', () => {
    assert.deepEqual(listHooks(folder), { hooks: [], warnings: [] });
  });

  test('each is named with its folder, and says why it would not be run', () => {
    for (const kind of ['required.d', 'wanted.d']) mkdirSync(join(folder, kind), { mode: 0o755 });
    writeFileSync(join(folder, 'required.d/b'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(folder, 'wanted.d/a'), '#!/bin/sh\n', { mode: 0o644 });
    writeFileSync(join(folder, 'wanted.d/a b'), '#!/bin/sh\n', { mode: 0o755 });
    const { hooks, warnings } = listHooks(folder);
    assert.deepEqual(hooks[0], { name: 'required.d/b', kind: 'required', problem: '' });
    assert.deepEqual([hooks[1]?.name, hooks[1]?.kind], ['wanted.d/a', 'wanted']);
    assert.match(hooks[1]?.problem ?? '', /not executable/);
    assert.equal(hooks.length, 2);
    assert.match(warnings.join(), /^\/.*\/wanted\.d: "a b" is no name of a hook/);
  });

  test('the folders that ship hold none', () => {
    const shipped = fileURLToPath(new URL('../../../../rootfs/etc/ctrkit/checks', import.meta.url));
    assert.deepEqual(listHooks(shipped), { hooks: [], warnings: [] });
  });
});
