import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readProcessStat } from '../../../../../src/container/adapters/proc/process-stat.ts';
import { createAgentEntry } from '../../../../../src/container/adapters/run-folder/agent-entry-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const START = 'boot-1/1/17';

test('who is about to become the agent is seen while it runs; of a process that has ended nothing stays (F7)', () => {
  const entry = createAgentEntry(folder, START);
  assert.deepEqual(entry.self, { pid: process.pid, startTicks: readProcessStat('self')?.startTicks });
  entry.announce();
  assert.deepEqual(entry.listOthers(), []);
  const parent = { pid: process.ppid, startTicks: readProcessStat(process.ppid)?.startTicks ?? 0 };
  const nameOf = (pid: number, ticks: number): string => `agent.${pid}.${ticks}.new`;
  writeFileSync(join(folder, nameOf(parent.pid, parent.startTicks)), START);
  // Its process id is another process's by now.
  writeFileSync(join(folder, nameOf(parent.pid, parent.startTicks + 1)), START);
  // Of another container that shares the folder.
  const strange = nameOf(parent.pid, parent.startTicks + 2);
  writeFileSync(join(folder, strange), 'boot-1/1/18');
  writeFileSync(join(folder, 'agent.json'), '');
  assert.deepEqual(entry.listOthers(), [parent]);
  entry.withdraw();
  entry.withdraw();
  const left = ['agent.json', nameOf(parent.pid, parent.startTicks), strange];
  assert.deepEqual(readdirSync(folder).toSorted(), left.toSorted());
});

test('a folder that is not there has nobody (F7)', () =>
  assert.deepEqual(createAgentEntry(join(folder, 'none'), START).listOthers(), []));
