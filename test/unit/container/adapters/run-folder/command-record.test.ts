import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../../../src/adapters/clock.ts';
import { createCommandRecord } from '../../../../../src/container/adapters/run-folder/command-record.ts';

const START = 'boot-1/1/1';

function prepare(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-command-'));
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  return { folder, child, open: (start = START) => createCommandRecord(folder, start, systemClock) };
}

test('the command of an earlier run is ended, once', async (t) => {
  const { child, open } = prepare(t);
  open().record(child.pid ?? 0);
  const ended = once(child, 'exit');
  assert.equal(await open().endLeft(), 'ended');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  assert.equal(await open().endLeft(), 'none');
});

test('what is no record of this start ends nothing', async (t) => {
  const { folder, child, open } = prepare(t);
  assert.equal(await open().endLeft(), 'none');
  open().record(child.pid ?? 0);
  assert.equal(await open('boot-1/1/2').endLeft(), 'none');
  const odd = [
    '',
    '[]',
    'null',
    JSON.stringify({ container_start: START, pid: child.pid, start_ticks: 1 }),
    JSON.stringify({ container_start: START, pid: -1, start_ticks: 1 }),
    JSON.stringify({ container_start: START, pid: String(child.pid) }),
  ];
  for (const text of odd) {
    writeFileSync(join(folder, 'command.json'), text);
    assert.equal(await open().endLeft(), 'none', text);
  }
  assert.equal(child.exitCode ?? child.signalCode, null);
});

test('a folder that can not be written keeps no command from running', (t) => {
  const { folder, child, open } = prepare(t);
  writeFileSync(join(folder, 'file'), '');
  createCommandRecord(join(folder, 'file'), START, systemClock).record(child.pid ?? 0);
  assert.doesNotThrow(() => open().record(2 ** 30));
});
