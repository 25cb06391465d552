import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createLastEnd } from '../../../../../src/container/adapters/run-folder/last-end.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the reason of the last end', () => {
  test('is there for the next start, and in the termination log of a pod', () => {
    const log = join(folder, 'termination-log');
    writeFileSync(log, 'of an earlier end, which was much longer');
    const lastEnd = createLastEnd(join(folder, 'run'), log);
    assert.equal(lastEnd.read(), '');
    lastEnd.write('snmpd is FATAL');
    assert.equal(lastEnd.read(), 'snmpd is FATAL');
    assert.equal(readFileSync(log, 'utf8'), 'snmpd is FATAL\n');
    lastEnd.write('snmpd exited');
    assert.equal(lastEnd.read(), 'snmpd exited');
    assert.equal(readFileSync(log, 'utf8'), 'snmpd exited\n');
  });

  test('makes no termination log where there is none', () => {
    const log = join(folder, 'termination-log');
    createLastEnd(folder, log).write('snmpd is FATAL');
    assert.equal(existsSync(log), false);
    assert.equal(createLastEnd(folder, log).read(), 'snmpd is FATAL');
  });

  test('is never longer than what Kubernetes takes', () => {
    const log = join(folder, 'termination-log');
    writeFileSync(log, '');
    const lastEnd = createLastEnd(folder, log);
    lastEnd.write('✓'.repeat(10_000));
    assert.ok(lastEnd.read().length <= 1_024);
    assert.ok(Buffer.byteLength(readFileSync(log)) <= 4_096);
  });

  test('that can’t be written, or no log that can be looked at, keeps nothing from ending', () => {
    mkdirSync(join(folder, 'last-end'));
    const loop = join(folder, 'loop');
    symlinkSync(loop, loop);
    for (const log of [folder, join(folder, 'last-end/below'), loop, join('/dev/null', 'below')])
      assert.doesNotThrow(() => createLastEnd(folder, log).write('snmpd is FATAL'), log);
    assert.equal(createLastEnd(folder).read(), '');
  });

  test('is not written through a link in the place of a termination log (S12)', () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'of somebody else');
    const log = join(folder, 'termination-log');
    symlinkSync(target, log);
    createLastEnd(folder, log).write('snmpd is FATAL');
    assert.equal(readFileSync(target, 'utf8'), 'of somebody else');
    assert.equal(createLastEnd(folder, log).read(), 'snmpd is FATAL');
  });
});
