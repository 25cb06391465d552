import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { FeatureLock } from '../../src/contract/feature/lock.ts';
import { decideLock } from '../../src/decide/feature/decide-lock.ts';
import { createLockFiles } from '../../src/host/adapters/locks/lock-file.ts';
import type { LockStore } from '../../src/ports/lock-store.ts';
import { FakeLockStore } from '../support/fake-lock-store.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctrkit-locks-'));
  folder = join(root, 'lib/ctrkit/locks');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const lock = (feature: string, more: Partial<FeatureLock> = {}): FeatureLock => ({
  feature,
  owner: 'alice',
  reason: 'debugging a crash',
  sinceTs: 1_767_323_045,
  forMs: 7_200_000,
  bootId: 'boot-1',
  bootMs: 10_000,
  ...more,
});
const names = (store: LockStore): string[] => store.list().locks.map(({ feature }) => feature);

const STORES: Readonly<Record<string, () => LockStore>> = {
  'locks in memory': () => new FakeLockStore(),
  'lock files': () => createLockFiles(folder),
};

for (const [name, open] of Object.entries(STORES)) {
  describe(name, () => {
    test('are none at first', () => {
      assert.deepEqual(open().list(), { locks: [], problems: [] });
    });

    test('keep what was said of each, in the order of the names', () => {
      const store = open();
      store.add(lock('snmp'));
      store.add(lock('dhcp_relay', { owner: 'Jörg', reason: 'Prüfung', forMs: 0 }));
      assert.deepEqual(store.list(), {
        locks: [lock('dhcp_relay', { owner: 'Jörg', reason: 'Prüfung', forMs: 0 }), lock('snmp')],
        problems: [],
      });
    });

    test('are one a feature: the later one counts', () => {
      const store = open();
      store.add(lock('snmp'));
      store.add(lock('snmp', { owner: 'bob' }));
      assert.deepEqual(store.list().locks, [lock('snmp', { owner: 'bob' })]);
    });

    test('go when they are removed, and the others stay', () => {
      const store = open();
      store.add(lock('snmp'));
      store.add(lock('lldp'));
      assert.equal(store.remove('snmp'), true);
      assert.equal(store.remove('snmp'), false);
      assert.deepEqual(names(store), ['lldp']);
    });

    test('are of features with legal names only', () => {
      const store = open();
      for (const feature of ['../../etc/passwd', '', '.', 'a/b', 'x'.repeat(33)]) {
        assert.throws(() => store.add(lock(feature)), { code: 'usage' });
        assert.throws(() => store.remove(feature), { code: 'usage' });
      }
      assert.deepEqual(names(store), []);
    });
  });
}

describe('a lock file', () => {
  const now = { bootId: 'boot-1', bootMs: 20_000, wallMs: 1_767_323_055_000 };
  const path = (name: string): string => join(folder, name);

  test('outlives the process that wrote it, whole, for everybody to read, and nothing else is left', () => {
    createLockFiles(folder).add(lock('snmp'));
    assert.deepEqual(createLockFiles(folder).list().locks, [lock('snmp')]);
    assert.deepEqual(readdirSync(folder), ['snmp.json']);
    assert.equal(statSync(path('snmp.json')).mode & 0o777, 0o644);
    assert.equal((JSON.parse(readFileSync(path('snmp.json'), 'utf8')) as { owner: string }).owner, 'alice');
  });

  test('that is torn, empty, foreign or of another feature keeps its feature locked without end, and is told', () => {
    const store = createLockFiles(folder);
    store.add(lock('snmp'));
    const whole = readFileSync(path('snmp.json'), 'utf8');
    for (const text of [
      '',
      whole.slice(0, whole.length / 2),
      '{}',
      'null',
      '[]',
      whole.replace('"snmp"', '"lldp"'),
      whole.replace('7200000', '-1'),
      whole.replace('7200000', '"soon"'),
      whole.replace('"format": 1', '"format": 2'),
      whole.replace('debugging', 'x'.repeat(70_000)),
    ]) {
      writeFileSync(path('snmp.json'), text);
      const { locks, problems } = store.list();
      assert.deepEqual(names(store), ['snmp'], text);
      assert.equal(problems.length, 1);
      assert.match(
        problems[0] ?? '',
        /snmp\.json .*snmp counts as locked\. To lift it: ctrkit lock rm snmp$/,
      );
      const [found] = locks;
      assert.ok(found);
      const verdict = decideLock(found, { ...now, wallMs: now.wallMs + 1e12 });
      assert.equal(verdict.kind, 'active');
      assert.ok(!('remainingMs' in verdict));
    }
    assert.equal(store.remove('snmp'), true);
    assert.deepEqual(store.list(), { locks: [], problems: [] });
  });

  test('in whose place is a folder, a link or a pipe keeps its feature locked, and nothing waits for it', () => {
    mkdirSync(path('snmp.json'), { recursive: true });
    symlinkSync('/dev/zero', path('lldp.json'));
    assert.equal(spawnSync('mkfifo', [path('radv.json')]).status, 0);
    const { locks, problems } = createLockFiles(folder).list();
    assert.deepEqual(
      locks.map(({ feature, forMs }) => [feature, forMs]),
      [
        ['lldp', 0],
        ['radv', 0],
        ['snmp', 0],
      ],
    );
    assert.equal(problems.length, 3);
  });

  test('that is named after no feature is told, and locks nothing', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path('no feature.json'), '{}');
    writeFileSync(path('README'), 'locks of operators');
    // What a writer that was killed has left.
    writeFileSync(path('.4711.tmp'), '{');
    const { locks, problems } = createLockFiles(folder).list();
    assert.deepEqual(locks, []);
    assert.deepEqual(problems, [`${path('no feature.json')} is named after no feature: remove it`]);
  });

  test('can not forge a line of a terminal by its owner or reason', () => {
    const store = createLockFiles(folder);
    store.add(lock('snmp', { owner: 'a\nb\u001b[31m', reason: 'x\u202ey\u0085z\u2028' }));
    const [found] = store.list().locks;
    assert.equal(found?.owner, 'a b [31m');
    assert.equal(found?.reason, 'x y z ');
  });

  test('that can not be written or read is an error of the disk that names it', () => {
    writeFileSync(join(root, 'file'), '');
    const store = createLockFiles(join(root, 'file/locks'));
    for (const call of [() => store.add(lock('snmp')), () => store.list(), () => store.remove('snmp')])
      assert.throws(call, (error: Error & { code: string }) => {
        assert.match(error.message, /file\/locks.* can't be /);
        return error.code === 'disk';
      });
  });

  test(
    'that was not written leaves the one before and nothing else',
    { skip: process.getuid?.() !== 0 },
    () => {
      const store = createLockFiles(folder);
      store.add(lock('snmp'));
      const script = `
      import { createLockFiles } from ${JSON.stringify(new URL('../../src/host/adapters/locks/lock-file.ts', import.meta.url).href)};
      process.setuid(65534);
      createLockFiles(${JSON.stringify(folder)}).add(${JSON.stringify(lock('snmp', { owner: 'bob' }))});`;
      chmodSync(root, 0o755);
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script],
        { encoding: 'utf8' },
      );
      assert.notEqual(status, 0);
      assert.match(stderr, /snmp\.json can't be written/);
      assert.deepEqual(store.list().locks, [lock('snmp')]);
      assert.deepEqual(readdirSync(folder), ['snmp.json']);
    },
  );
});
