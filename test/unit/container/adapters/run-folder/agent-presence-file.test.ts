import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { readProcessStat } from '../../../../../src/container/adapters/proc/process-stat.ts';
import { createAgentPresence } from '../../../../../src/container/adapters/run-folder/agent-presence-file.ts';
import { encodeAgentRecord } from '../../../../../src/contract/gate/agent-presence.ts';
import { until } from '../../../../support/until.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const START = 'boot-1/1/17';
const OWN_TICKS = readProcessStat('self')?.startTicks ?? 0;
const path = () => join(folder, 'agent.json');

describe('what the agent tells the gate of itself', () => {
  test('is that it is there, and that the container stops', () => {
    const presence = createAgentPresence(folder, START);
    assert.equal(presence.read(), undefined);
    presence.write('running');
    assert.deepEqual(presence.read(), { isAlive: true, isStopping: false });
    assert.equal(statSync(path()).mode & 0o777, 0o644);
    presence.write('stopping');
    assert.deepEqual(presence.read(), { isAlive: true, isStopping: true });
    presence.write('running');
    assert.deepEqual(presence.read(), { isAlive: true, isStopping: false });
  });

  test('is written again only where the file does not say so', () => {
    const presence = createAgentPresence(folder, START);
    presence.write('running');
    const { ino } = statSync(path());
    presence.write('running');
    assert.equal(statSync(path()).ino, ino);
    rmSync(path());
    presence.write('running');
    assert.deepEqual(presence.read(), { isAlive: true, isStopping: false });
  });

  test('of an earlier start of the container says nothing, and neither does what is no record (G5)', () => {
    createAgentPresence(folder, START).write('stopping');
    assert.equal(createAgentPresence(folder, 'boot-1/1/18').read(), undefined);
    const record = { pid: process.pid, startTicks: OWN_TICKS, containerStart: START, state: 'running' };
    const json = JSON.parse(encodeAgentRecord({ ...record, state: 'running' })) as Record<string, unknown>;
    const wrong: Record<string, unknown>[] = [
      { state: 'gone' },
      { container_start: 7 },
      ...[-1, 1.5, '17', null, 2 ** 60].flatMap((value) => [{ pid: value }, { start_ticks: value }]),
      { pid: 0 },
    ];
    const texts = [
      '',
      '{',
      'null',
      '7',
      '[]',
      ...wrong.map((field) => JSON.stringify({ ...json, ...field })),
    ];
    for (const text of texts) {
      writeFileSync(path(), text);
      assert.equal(createAgentPresence(folder, START).read(), undefined, text);
    }
  });

  test('an agent that has ended is not alive, and its last word stands (G13)', async (t) => {
    const presence = createAgentPresence(folder, START);
    const dead = spawn('sleep', ['600']);
    const { pid = 0 } = dead;
    const startTicks = readProcessStat(pid)?.startTicks ?? 0;
    const write = (record: { pid: number; startTicks: number }) =>
      writeFileSync(path(), encodeAgentRecord({ ...record, containerStart: START, state: 'stopping' }));
    write({ pid, startTicks });
    assert.deepEqual(presence.read(), { isAlive: true, isStopping: true });
    write({ pid, startTicks: startTicks + 1 });
    assert.deepEqual(presence.read(), { isAlive: false, isStopping: true });
    write({ pid, startTicks });
    dead.kill('SIGKILL');
    t.after(() => dead.kill('SIGKILL'));
    await until('it is seen', () => presence.read()?.isAlive === false);
    write({ pid: spawnSync('true').pid, startTicks });
    assert.deepEqual(presence.read(), { isAlive: false, isStopping: true });
  });
});
