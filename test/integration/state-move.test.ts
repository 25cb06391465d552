import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { buildSync } from 'esbuild';
import { EMPTY_FEATURE_LEDGER, type Ledger } from '../../src/contract/images/ledger.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import { createLockFiles } from '../../src/host/adapters/locks/lock-file.ts';
import { createMovableLocks } from '../../src/host/adapters/state-dir/movable-locks.ts';
import { moveState } from '../../src/host/adapters/state-dir/move-state.ts';
import { createStateDir } from '../../src/host/adapters/state-dir/state-dir.ts';
import { listFiles } from '../../src/host/adapters/state-dir/state-tree.ts';
import { findStateDir, listStatePlaces } from '../../src/host/state-dir.ts';
import { goldenOf, imageIdOf } from '../support/beats.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { lockOf } from '../support/locks.ts';
import { withDiskFault } from '../support/power-cut.ts';
import { until } from '../support/until.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctrkit-state-'));
  mkdirSync(join(root, 'host'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const places = () => listStatePlaces('', root);
const OLD = 'var/lib/ctrkit';
const NEW = 'host/ctrkit';

const ledgerOf = (number: number): Ledger => ({
  snmp: {
    ...EMPTY_FEATURE_LEDGER,
    golden: goldenOf(number),
    fallbacks: [
      {
        imageId: imageIdOf(90 + number),
        version: '9.0',
        reason: 'silent',
        sinceTs: 1,
        bootId: 'b',
        bootMs: 1,
        isDone: true,
      },
    ],
  },
});

/** What an earlier release has left: two generations, one that was set aside, locks, a block, a mark, and half a file. */
function fillOld(): Map<string, string> {
  const old = join(root, OLD);
  for (const number of [1, 2]) createLedgerFile(old).write(ledgerOf(number));
  writeFileSync(join(old, 'ledger.bad-3.json'), 'torn');
  for (const feature of ['snmp', 'lldp']) createLockFiles(join(old, 'locks')).add(lockOf({ feature }));
  mkdirSync(join(old, 'blocks'));
  writeFileSync(join(old, 'blocks/snmp.json'), '{"format": 1}\n');
  writeFileSync(join(old, 'kube_admin.conf.unfinished'), '17 4\n', { mode: 0o600 });
  const content = readAll(OLD);
  writeFileSync(join(old, 'ledger.99.tmp'), 'half');
  return content;
}

/** Path and content of every file, but for the mark of the move and what killed writers have left. */
const readAll = (place: string): Map<string, string> =>
  new Map(
    listFiles(join(root, place))
      .filter((path) => path !== 'state.json' && !path.endsWith('.tmp'))
      .map((path) => [path, readFileSync(join(root, place, path), 'utf8')]),
  );

const foundPlace = (): string => findStateDir(places()).slice(root.length + 1);

function assertMoved(content: Map<string, string>): void {
  assert.equal(foundPlace(), NEW);
  assert.deepEqual(readAll(NEW), content);
  assert.equal(existsSync(join(root, OLD)), false);
  assert.deepEqual(readdirSync(join(root, 'host')), ['ctrkit']);
  assert.deepEqual(
    listFiles(join(root, NEW)).filter((path) => path.endsWith('.tmp')),
    [],
  );
  assert.deepEqual(createLedgerFile(findStateDir(places())).read(), { ledger: ledgerOf(2), problems: [] });
  assert.equal(statSync(join(root, NEW, 'kube_admin.conf.unfinished')).mode & 0o777, 0o600);
}

describe('the place of the state', () => {
  test('is /host/ctrkit where there is a folder /host, else /var/lib/ctrkit; a setting overrides both', () => {
    assert.deepEqual(places(), { folder: join(root, NEW), oldFolder: join(root, OLD) });
    assert.deepEqual(listStatePlaces('/x', root), { folder: '/x', oldFolder: undefined });
    rmSync(join(root, 'host'), { recursive: true });
    assert.deepEqual(places(), { folder: join(root, OLD), oldFolder: undefined });
    writeFileSync(join(root, 'host'), '');
    assert.deepEqual(places(), { folder: join(root, OLD), oldFolder: undefined });
  });

  test('is the old one for readers and writers until a daemon has moved it (HF5)', () => {
    fillOld();
    assert.equal(foundPlace(), OLD);
    createMovableLocks(createStateDir(places())).add(lockOf({ feature: 'radv' }));
    assert.ok(existsSync(join(root, OLD, 'locks/radv.json')));
    assert.match(moveState(places()).text, /ledger, locks and blocks are in .*host\/ctrkit now/);
    assert.equal(foundPlace(), NEW);
    assert.equal(createMovableLocks(createStateDir(places())).list().locks.length, 3);
    assert.deepEqual(moveState(places()), { folder: join(root, NEW), text: '', problem: '' });
  });

  test('is the new one at once where nobody has written anything, for a daemon and for a command', () => {
    mkdirSync(join(root, OLD), { recursive: true });
    createMovableLocks(createStateDir(places())).add(lockOf());
    assert.ok(existsSync(join(root, NEW, 'locks/snmp.json')));
    rmSync(join(root, NEW), { recursive: true });
    assert.equal(moveState(places()).folder, join(root, NEW));
    assert.equal(foundPlace(), NEW);
  });

  test('that an earlier release has written again, is told and left alone', () => {
    fillOld();
    moveState(places());
    createLedgerFile(join(root, OLD)).write(ledgerOf(7));
    const { folder, problem } = moveState(places());
    assert.equal(folder, join(root, NEW));
    assert.match(
      problem,
      /var\/lib\/ctrkit is not read: .*host\/ctrkit counts\. .*: ledger\.json, ledger\.previous\.json$/,
    );
    assert.deepEqual(createLedgerFile(folder).read().ledger, ledgerOf(2));
  });

  test('holds what is no regular file back, and everything else is moved', () => {
    const content = fillOld();
    spawnMkfifo(join(root, OLD, 'pipe'));
    assert.match(moveState(places()).problem, /left there: pipe$/);
    assert.deepEqual(readAll(NEW), content);
  });
});

const spawnMkfifo = (path: string): void => {
  spawn('mkfifo', [path]).unref();
  const untilMs = Date.now() + 30_000;
  while (!existsSync(path)) assert.ok(Date.now() < untilMs);
};

describe('a move of the state that is killed at any change of the disk', () => {
  test('leaves the one place or the other whole, and comes out the same when it is run again (HF5)', () => {
    for (let cutAt = 0, isCut = true; isCut; cutAt += 1) {
      for (const place of [OLD, 'host']) rmSync(join(root, place), { recursive: true, force: true });
      mkdirSync(join(root, 'host'));
      const content = fillOld();
      const made = withDiskFault({ after: cutAt, isPowerCut: true }, () => void moveState(places()));
      isCut = made.length > cutAt;
      assert.deepEqual(readAll(foundPlace()), content, `after ${made.join(', ')}`);
      assert.equal(moveState(places()).problem, '');
      assertMoved(content);
    }
  });

  test('keeps what was written to the place that counted then', () => {
    for (let cutAt = 0, isCut = true; isCut; cutAt += 1) {
      for (const place of [OLD, 'host']) rmSync(join(root, place), { recursive: true, force: true });
      mkdirSync(join(root, 'host'));
      fillOld();
      isCut =
        withDiskFault({ after: cutAt, isPowerCut: true }, () => void moveState(places())).length > cutAt;
      const locks = createMovableLocks(createStateDir(places()));
      locks.add(lockOf({ feature: 'radv' }));
      assert.equal(locks.remove('lldp'), true);
      moveState(places());
      assert.deepEqual(
        locks.list().locks.map(({ feature }) => feature),
        ['radv', 'snmp'],
      );
    }
  });

  for (const code of ['ENOSPC', 'EROFS', 'EIO'])
    test(`loses nothing by a single ${code}, says it, and is completed by the next daemon`, () => {
      for (let faultAt = 0, isReached = true; isReached; faultAt += 1) {
        for (const place of [OLD, 'host']) rmSync(join(root, place), { recursive: true, force: true });
        mkdirSync(join(root, 'host'));
        const content = fillOld();
        let folder = '';
        const made = withDiskFault({ after: faultAt, isPowerCut: false, code }, () => {
          folder = moveState(places()).folder;
        });
        isReached = made.length > faultAt;
        assert.equal(folder, findStateDir(places()));
        assert.deepEqual(readAll(foundPlace()), content, made.join(', '));
        assert.equal(moveState(places()).problem, '');
        assertMoved(content);
      }
    });
});

describe('a /host that takes nothing', { skip: noNamespaces, timeout: 600_000 }, () => {
  for (const [what, options] of [
    ['is full', 'size=4k'],
    ['is read-only', 'ro'],
  ] as const)
    test(`because it ${what}, leaves the state where it was, and that is said`, async (t) => {
      const kit = new Kit(t);
      const content = fillOld();
      const script = `set -e; mount -t tmpfs -o ${options} tmpfs ${root}/host; echo mounted; exec sleep 600`;
      const keeper = kit.run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]);
      await until(
        () => `it is mounted. ${keeper.said}`,
        () => keeper.stdout.includes('mounted'),
      );
      const there = listStatePlaces('', `/proc/${keeper.pid}/root${root}`);
      const { folder, problem } = moveState(there);
      assert.equal(folder, there.oldFolder);
      assert.match(problem, /^the state stays in .*var\/lib\/ctrkit: /);
      assert.equal(findStateDir(there), folder);
      assert.deepEqual(readAll(OLD), content);
      createMovableLocks(createStateDir(there)).add(lockOf({ feature: 'radv' }));
      assert.ok(existsSync(join(root, OLD, 'locks/radv.json')));
      if (options !== 'ro') return;
      // Nobody has written anything yet: the old place is taken then, and counts from there on.
      rmSync(join(root, OLD), { recursive: true });
      assert.equal(moveState(there).folder, there.oldFolder);
      assert.equal(findStateDir(there), there.oldFolder);
    });
});

describe('several processes at once', { timeout: 600_000 }, () => {
  let program = '';
  const start = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [program, root, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });

  async function runTogether(processes: readonly ChildProcess[]): Promise<string[]> {
    const texts = processes.map((child) => {
      const said = { text: '' };
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.text += text));
      return said;
    });
    await until('all are ready', () => texts.every(({ text }) => text.includes('ready\n')));
    const ends = processes.map((child) => once(child, 'close'));
    for (const child of processes) child.stdin?.write('x');
    await Promise.all(ends);
    return texts.map(({ text }) => text.replace('ready\n', ''));
  }

  /** Returns what the old place had. */
  function prepare(): Map<string, string> {
    for (const place of [OLD, 'host']) rmSync(join(root, place), { recursive: true, force: true });
    mkdirSync(join(root, 'host'));
    return fillOld();
  }

  before(() => {
    program = join(mkdtempSync(join(tmpdir(), 'ctrkit-mover-')), 'mover.mjs');
    const entryPoints = [join(import.meta.dirname, '../support/state-mover.ts')];
    buildSync({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile: program });
  });
  after(() => rmSync(dirname(program), { recursive: true }));

  test('that move come out the same', async () => {
    for (let round = 0; round < 8; round += 1) {
      const content = prepare();
      const told = await runTogether([start('move'), start('move'), start('move')]);
      for (const moved of told)
        assert.equal((JSON.parse(moved) as { folder: string }).folder, join(root, NEW));
      assert.equal(moveState(places()).problem, '');
      assertMoved(content);
    }
  });

  test('of which one moves and others set and remove locks lose none of that', async () => {
    for (let round = 0; round < 8; round += 1) {
      const content = prepare();
      const [, ...told] = await runTogether([start('move'), start('lock', 'a'), start('lock', 'b')]);
      assert.equal(moveState(places()).problem, '');
      const locks = createMovableLocks(createStateDir(places())).list();
      const now = new Set(locks.locks.map(({ feature }) => feature));
      const lines = told.flatMap((text) => text.trim().split('\n')).map((line) => line.split(' '));
      assert.equal(lines.length, 80);
      for (const [feature = '', what] of lines)
        assert.equal(now.has(feature), what === 'set', `${feature} was ${what}`);
      const kept = [...readAll(NEW)].filter(([path]) => content.has(path));
      assert.deepEqual(new Map(kept), content);
      assert.deepEqual(readdirSync(join(root, 'host')), ['ctrkit']);
    }
  });
});
