import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createProcessTree } from '../../../../../src/container/adapters/proc/process-tree.ts';

const SUPERVISORD = process.ppid;

describe('the processes below supervisord', () => {
  let proc: string;

  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'ctrkit-proc-'));
  });
  afterEach(() => rmSync(proc, { recursive: true }));

  const add = (pid: number, parent: number, words: readonly string[], state = 'S'): void => {
    const folder = join(proc, String(pid));
    mkdirSync(folder);
    writeFileSync(join(folder, 'stat'), `${pid} (a) b) ${state} ${parent} 1 1 0`);
    writeFileSync(join(folder, 'cmdline'), words.map((word) => `${word}\0`).join(''));
    symlinkSync(proc, join(folder, 'cwd'));
  };
  const read = (isSupervised = true) => createProcessTree(isSupervised, proc).read();
  const roleOf = (...words: readonly string[]) => {
    add(900_001, SUPERVISORD, words);
    return read()?.[0]?.role;
  };

  test('are all that descend from it, and no others', () => {
    add(900_001, SUPERVISORD, ['a']);
    add(900_002, 900_001, ['b'], 'T');
    add(900_003, 900_002, [], 'Z');
    add(900_004, 1, ['c']);
    writeFileSync(join(proc, 'uptime'), '1 1');
    assert.deepEqual(read(), [
      { pid: 900_001, parentPid: SUPERVISORD, isStopped: false, hasEnded: false, role: 'program' },
      { pid: 900_002, parentPid: 900_001, isStopped: true, hasEnded: false, role: 'program' },
      { pid: 900_003, parentPid: 900_002, isStopped: false, hasEnded: true, role: 'unknown' },
    ]);
  });

  test('that have ended were a gate by the name that the kernel keeps, or something else (G23)', () => {
    const roles = {
      container_start: 'gate',
      node: 'gate',
      MainThread: 'gate',
      sleep: 'unknown',
      sh: 'unknown',
    };
    Object.keys(roles).forEach((comm, i) => {
      add(900_001 + i, SUPERVISORD, []);
      writeFileSync(join(proc, `${900_001 + i}/stat`), `${900_001 + i} (${comm}) Z ${SUPERVISORD} 1 1 0`);
    });
    assert.deepEqual(
      read()?.map(({ role }) => role),
      Object.values(roles),
    );
  });

  test('that still show supervisord’s own command line have not become their program yet (G23)', () => {
    add(SUPERVISORD, 1, ['/usr/bin/python3', '/usr/bin/supervisord']);
    assert.equal(roleOf('/usr/bin/python3', '/usr/bin/supervisord'), 'unknown');
    add(900_002, SUPERVISORD, ['/usr/bin/python3', '/usr/bin/bgpcfgd']);
    assert.equal(read()?.[1]?.role, 'program');
  });

  test('are not told where supervisord is not the parent, or nothing can be read', () => {
    assert.equal(read(false), undefined);
    assert.equal(createProcessTree(true, join(proc, 'nothing')).read(), undefined);
  });

  for (const [words, role] of [
    [['/bin/sh', '/usr/bin/container_startup', '-f', 'snmp'], 'gate'],
    [['/bin/sh', '/usr/share/sonic/scripts/container_startup.py', '-f', 'snmp'], 'gate'],
    [['/usr/lib/ctrkit/node', '/usr/lib/ctrkit/load.cjs', 'container_startup', '-f', 'x'], 'gate'],
    [['/bin/sh', '/usr/lib/ctrkit/hold_caller', '/usr/bin/container_startup', '-f', 'snmp'], 'gate'],
    [['/usr/lib/ctrkit/node', '--v8-pool-size=1', '/kit/load.cjs', 'container_startup', '-f', 'x'], 'gate'],
    [['/usr/lib/ctrkit/node', '/usr/lib/ctrkit/load.cjs', 'ctrkit_agent', 'container_startup'], 'asker'],
    [['container_startup', '1000'], 'asker'],
    [['/usr/bin/tail', '-F', '/var/log/container_startup'], 'asker'],
    [['/bin/bash', '-c', 'container_startup.py -f x; exec app'], 'asker'],
    [['/bin/bash', 'asks.sh'], 'asker'],
    [['/bin/bash', '-e', 'other.sh'], 'shell'],
    [['-bash'], 'shell'],
    [['/usr/bin/orchagent', '-d', 'notes'], 'program'],
    [['/usr/bin/python3', '/usr/bin/bgpcfgd'], 'program'],
    [[], 'unknown'],
  ] as const)
    test(`${words.join(' ') || 'no words'}: ${role}`, () => {
      writeFileSync(
        join(proc, 'asks.sh'),
        '#!/bin/bash\nCTR_SCRIPT=/usr/share/sonic/scripts/container_startup.py\n',
      );
      writeFileSync(join(proc, 'other.sh'), '#!/bin/bash\nsleep 1\n');
      writeFileSync(join(proc, 'notes'), 'container_startup is no script here\n');
      assert.equal(roleOf(...words), role);
    });

  const skip = process.getuid?.() === 0 ? false : 'needs root, to give a process away';
  test('that belong to another user are no gate, whatever they call themselves', { skip }, () => {
    writeFileSync(join(proc, 'asks.sh'), '#!/bin/bash\ncontainer_startup\n');
    const all = [
      ['/bin/sh', '/usr/bin/container_startup'],
      ['/usr/bin/node', '/tmp/load.cjs', 'container_startup'],
      ['/bin/bash', '-c', 'sleep 1000; true', 'container_startup'],
      ['/bin/bash', 'asks.sh'],
    ];
    const give = (pid: number): void => chownSync(join(proc, String(pid)), 65_534, 65_534);
    all.forEach((words, i) => {
      add(900_001 + i, SUPERVISORD, words);
      give(900_001 + i);
    });
    add(900_009, SUPERVISORD, []);
    writeFileSync(join(proc, '900009/stat'), `900009 (node) Z ${SUPERVISORD} 1 1 0`);
    give(900_009);
    assert.deepEqual(
      read()?.map(({ role }) => role),
      ['shell', 'program', 'shell', 'shell', 'unknown'],
    );
  });
});
