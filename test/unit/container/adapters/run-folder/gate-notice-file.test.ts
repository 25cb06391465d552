import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createGateNoticeFile } from '../../../../../src/container/adapters/run-folder/gate-notice-file.ts';
import { readProcessStat } from '../../../../../src/container/adapters/proc/process-stat.ts';
import { encodeGateNotice } from '../../../../../src/contract/gate/gate-notice.ts';
import { until } from '../../../../support/until.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HELD = { state: 'held', text: 'held (owner-is-local)' } as const;
const START = 'boot-1/1';
const OWN_TICKS = readProcessStat('self')?.startTicks ?? 0;

describe('the notice that a gate leaves', () => {
  test('is read while the gate runs, and gone when it is taken away', () => {
    const file = createGateNoticeFile(folder, START);
    assert.equal(file.read(), undefined);
    file.write(HELD);
    assert.deepEqual(file.read(), {
      ...HELD,
      pid: process.pid,
      startTicks: OWN_TICKS,
      containerStart: START,
    });
    file.write({ state: 'waiting', text: 'waits' });
    assert.equal(file.read()?.state, 'waiting');
    file.remove();
    assert.equal(file.read(), undefined);
  });

  test('that vanishes counts for whoever has read it, while the gate runs (G4)', async (t) => {
    const gate = spawn('sleep', ['600']);
    t.after(() => gate.kill('SIGKILL'));
    const { pid = 0 } = gate;
    const startTicks = readProcessStat(pid)?.startTicks ?? 0;
    const notice = { ...HELD, pid, startTicks, containerStart: START };
    writeFileSync(join(folder, 'gate.json'), encodeGateNotice(notice));
    const file = createGateNoticeFile(folder, START);
    assert.deepEqual(file.read(), notice);
    rmSync(join(folder, 'gate.json'));
    assert.deepEqual(file.read(), notice);
    assert.equal(createGateNoticeFile(folder, START).read(), undefined);
    gate.kill('SIGKILL');
    await until('its end is seen', () => file.read() === undefined);
  });

  test('can be read by whoever looks, and holds no secret', () => {
    createGateNoticeFile(folder, START).write(HELD);
    assert.equal(statSync(join(folder, 'gate.json')).mode & 0o777, 0o644);
  });

  test('of another start of the container says nothing', () => {
    createGateNoticeFile(folder, START).write(HELD);
    assert.equal(createGateNoticeFile(folder, 'boot-1/2').read(), undefined);
  });

  test('of a gate that is gone, or of no process that can be, says nothing', () => {
    const { pid: gone } = spawnSync(process.execPath, ['--version']);
    for (const pid of [gone, 2 ** 31, 2 ** 40]) {
      const notice = { ...HELD, pid, startTicks: OWN_TICKS, containerStart: START };
      writeFileSync(join(folder, 'gate.json'), encodeGateNotice(notice));
      assert.equal(createGateNoticeFile(folder, START).read(), undefined, String(pid));
    }
  });

  test('of a gate whose process id is another process by now says nothing (G5)', () => {
    const notice = { ...HELD, pid: process.pid, startTicks: OWN_TICKS - 1, containerStart: START };
    writeFileSync(join(folder, 'gate.json'), encodeGateNotice(notice));
    assert.equal(createGateNoticeFile(folder, START).read(), undefined);
  });
});
