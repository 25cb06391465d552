import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOwnProcessTest } from '../../../../../src/container/adapters/proc/ancestry.ts';

const isBelow = (pid: number, root: number, proc?: string): boolean => createOwnProcessTest(root, proc)(pid);

test('a process is below its parents and itself, and below nobody where that can’t be read (F4)', () => {
  assert.equal(isBelow(process.pid, process.pid), true);
  assert.equal(isBelow(process.pid, process.ppid), true);
  assert.equal(isBelow(process.ppid, process.pid), false);
  assert.equal(isBelow(0, 0), false);
  assert.equal(isBelow(process.pid, process.ppid, '/nonexistent'), false);
});
