import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findAnchor } from '../../../../../src/container/adapters/proc/anchor.ts';
import { isStillRunning, readProcessStat } from '../../../../../src/container/adapters/proc/process-stat.ts';
import { encodeContainerStart } from '../../../../../src/contract/anchor.ts';

let proc = '';
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'ctrkit-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

interface Process {
  readonly ticks: number;
  /** Left out for a process that does not show it. */
  readonly mounts?: string;
  readonly cgroup?: string;
  readonly comm?: string;
  readonly state?: string;
}

function put(pid: number | 'self', { ticks, mounts, cgroup, comm = 'sh', state = 'S' }: Process): void {
  const folder = join(proc, String(pid));
  mkdirSync(join(folder, 'ns'), { recursive: true });
  const zeros = '0 '.repeat(18).trim();
  writeFileSync(join(folder, 'stat'), `7 (${comm}) ${state} ${zeros} ${ticks} 1 2 3\n`, 'latin1');
  if (mounts !== undefined) symlinkSync(`mnt:[${mounts}]`, join(folder, 'ns/mnt'));
  if (cgroup !== undefined) writeFileSync(join(folder, 'cgroup'), `0::${cgroup}\n`);
}

describe('the anchor of a container', () => {
  test('is process 1 where its mount namespace is ours', () => {
    put(1, { ticks: 50, mounts: '1', comm: 'a) (b 1 2' });
    put(7, { ticks: 20, mounts: '1' });
    put('self', { ticks: 90, mounts: '1' });
    assert.deepEqual(findAnchor(proc), { pid: 1, startTicks: 50 });
  });

  test('is the process of our mount namespace that started first where process 1 is the host’s (G5)', () => {
    put(1, { ticks: 1, mounts: '1', cgroup: '/' });
    put(300, { ticks: 60, mounts: '9', cgroup: '/a' });
    put(40, { ticks: 70, mounts: '9', cgroup: '/a' });
    put(20, { ticks: 10, mounts: '8', cgroup: '/b' });
    put('self', { ticks: 90, mounts: '9', cgroup: '/a' });
    assert.deepEqual(findAnchor(proc), { pid: 300, startTicks: 60 });
    put(12, { ticks: 60, mounts: '9', cgroup: '/a' });
    assert.deepEqual(findAnchor(proc), { pid: 12, startTicks: 60 });
  });

  test('is told by the cgroup where a process does not show its namespaces (G5)', () => {
    put('self', { ticks: 90, mounts: '9', cgroup: '/a' });
    put(1, { ticks: 1, cgroup: '/' });
    put(30, { ticks: 60, cgroup: '/a' });
    put(31, { ticks: 50, mounts: '8', cgroup: '/a' });
    put(32, { ticks: 40, cgroup: '/b' });
    assert.deepEqual(findAnchor(proc), { pid: 30, startTicks: 60 });
  });

  test('is process 1 where that shows no namespaces, but is in our cgroup', () => {
    put('self', { ticks: 90, mounts: '9', cgroup: '/' });
    put(1, { ticks: 80, cgroup: '/' });
    put(30, { ticks: 60, mounts: '9', cgroup: '/' });
    assert.deepEqual(findAnchor(proc), { pid: 1, startTicks: 80 });
  });

  test('is process 1 where nothing can be told of it', () => {
    put('self', { ticks: 90, mounts: '9', cgroup: '/a' });
    put(1, { ticks: 80 });
    put(30, { ticks: 60, mounts: '9', cgroup: '/a' });
    assert.deepEqual(findAnchor(proc), { pid: 1, startTicks: 80 });
  });

  test('goes into the identity of this start with the boot', () => {
    assert.equal(encodeContainerStart('boot-1', { pid: 300, startTicks: 60 }), 'boot-1/300/60');
  });
});

describe('a process', () => {
  test('has its start time behind a command with blanks, parentheses and line feeds', () => {
    for (const comm of ['sh', ') S 1 (', 'a b', '((', '))', 'x\n) Z 1 2']) {
      put(5, { ticks: 1234, comm });
      const rest = { parentPid: 0, groupId: 0, isStopped: false };
      assert.deepEqual(readProcessStat(5, proc), { ...rest, comm, startTicks: 1234, isRunning: true }, comm);
    }
    assert.equal(readProcessStat(6, proc), undefined);
  });

  test('that has ended and is not fetched yet does not run', () => {
    for (const state of ['Z', 'X', 'x']) {
      put(5, { ticks: 1234, state });
      assert.equal(readProcessStat(5, proc)?.isRunning, false, state);
    }
    for (const state of ['R', 'S', 'D', 'T', 't', 'I']) {
      put(5, { ticks: 1234, state });
      assert.equal(readProcessStat(5, proc)?.isRunning, true, state);
    }
  });

  test('is the same one as long as its start time is', () => {
    const startTicks = readProcessStat('self')?.startTicks ?? 0;
    assert.ok(isStillRunning(process.pid, startTicks));
    assert.ok(!isStillRunning(process.pid, startTicks + 1));
  });
});
