import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createClaimFile } from '../../src/container/adapters/run-folder/claim-file.ts';
import { createGateNoticeFile } from '../../src/container/adapters/run-folder/gate-notice-file.ts';
import { createHealthFile } from '../../src/container/adapters/run-folder/health-file.ts';
import { createLastEnd } from '../../src/container/adapters/run-folder/last-end.ts';
import { encodeHealthLine } from '../../src/contract/health/health-line.ts';
import { healthLine, HealthReader } from '../support/health-reader.ts';
import { bootMs } from '../support/boot-clock.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { until } from '../support/until.ts';
import { isErrorOf } from '../support/errors.ts';
import { claimOf } from '../support/claims.ts';

const LINES = 2_000;
const WELL = { startup: 0, readiness: 0, liveness: 0 };
const CLAIM = claimOf();

/**
 * A disk of its own, of 64 kB, which ends with the test, and the same one where it can only be read. Both lie in a
 * mount namespace, and are reached through the process that keeps it.
 */
async function mountDisk(t: TestContext): Promise<{ disk: string; readOnly: string }> {
  const kit = new Kit(t);
  const mounted = join(kit.folder, 'disk');
  const bound = join(kit.folder, 'read-only');
  for (const folder of [mounted, bound]) mkdirSync(folder);
  const script = [
    'set -e',
    `mount -t tmpfs -o size=64k tmpfs ${mounted}`,
    `mount --bind ${mounted} ${bound}`,
    `mount -o remount,bind,ro ${bound}`,
    'echo mounted',
    'exec sleep 600',
  ].join('\n');
  const keeper = kit.run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]);
  await until(
    () => `it is mounted. ${keeper.said}`,
    () => {
      assert.equal(keeper.end, undefined, keeper.said);
      return keeper.stdout.includes('mounted');
    },
  );
  const seen = (folder: string) => `/proc/${keeper.pid}/root${folder}`;
  return { disk: seen(mounted), readOnly: seen(bound) };
}

/** Leaves no room for another block, nor for another file. */
function fill(disk: string): void {
  try {
    for (;;) writeFileSync(join(disk, 'full'), Buffer.alloc(4_096), { flag: 'a' });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
  assert.equal(statfsSync(disk).bavail, 0);
}

const isDefect = (pattern: RegExp) => isErrorOf('defect', pattern);

/** Lines are written while three readers look, again and again until each of them has seen many. */
async function writeWatched(folder: string): Promise<void> {
  await until('all readers see many lines', async () => {
    const seen = await writeOnce(folder);
    return Math.min(...seen) > 20;
  });
}

/** How many different lines each reader has seen; none was torn. */
async function writeOnce(folder: string): Promise<number[]> {
  const file = createHealthFile(folder);
  const readers = Array.from({ length: 3 }, () => new HealthReader(join(folder, 'health')));
  for (const reader of readers) await reader.ready();
  for (let n = 1; n <= LINES; n++) {
    file.write(healthLine(n));
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const readings = await Promise.all(readers.map((reader) => reader.end()));
  for (const { torn } of readings) assert.deepEqual(torn, []);
  assert.equal(readFileSync(join(folder, 'health'), 'latin1'), healthLine(LINES));
  return readings.map(({ seen }) => seen);
}

describe('the run folder', { timeout: 600_000 }, () => {
  test('readers never see a torn line while 2000 are written', async (t) => {
    const { folder } = new Kit(t);
    createHealthFile(folder).write(healthLine(0));
    await writeWatched(folder);
    assert.deepEqual(readdirSync(folder), ['health']);
  });
});

describe('a run folder whose disk is full', { skip: noNamespaces, timeout: 600_000 }, () => {
  test('the probe is answered all the same, and no block more is taken', async (t) => {
    const { disk } = await mountDisk(t);
    const file = createHealthFile(disk);
    const write = (readiness: number, reason: string) => {
      const line = encodeHealthLine(
        { ...WELL, readiness },
        bootMs() + 30_000,
        { pid: 1, startTicks: 1 },
        reason,
      );
      file.write(line);
      assert.equal(readFileSync(join(disk, 'health'), 'latin1'), line);
    };
    write(0, '');
    fill(disk);
    for (let i = 0; i < 20; i++) write(10, `snmpd is FATAL ${'x'.repeat((i * 53) % 500)}`);
    write(0, '');
    assert.deepEqual(readdirSync(disk).toSorted(), ['full', 'health']);
    assert.equal(statSync(join(disk, 'health')).mode & 0o777, 0o644);
    rmSync(join(disk, 'full'));
    write(0, 'well again');
  });

  test('lines written in place are longer and shorter than before, and each is one', async (t) => {
    const { disk } = await mountDisk(t);
    createHealthFile(disk).write(healthLine(0));
    fill(disk);
    const file = createHealthFile(disk);
    for (let n = 1; n <= LINES; n++) {
      file.write(healthLine(n));
      assert.equal(readFileSync(join(disk, 'health'), 'latin1'), healthLine(n));
    }
  });

  test('without a line there to write over it is told, and nothing of it stays', async (t) => {
    const { disk } = await mountDisk(t);
    fill(disk);
    assert.throws(() => createHealthFile(disk).write(healthLine(1)), isDefect(/ENOSPC|no space left/));
    assert.deepEqual(readdirSync(disk), ['full']);
  });

  test('the claim and the notice that are there stay whole', async (t) => {
    const { disk } = await mountDisk(t);
    const claims = createClaimFile(disk, 'boot-1/1');
    const notices = createGateNoticeFile(disk, 'boot-1/1');
    claims.write(CLAIM);
    notices.write({ state: 'held', text: 'held' });
    fill(disk);
    assert.throws(
      () => claims.write({ ...CLAIM, hasStarted: true }),
      isDefect(/claim\.json can't be written/),
    );
    assert.throws(
      () => notices.write({ state: 'waiting', text: 'waits' }),
      isDefect(/gate\.json can't be written/),
    );
    assert.deepEqual(claims.read(), CLAIM);
    assert.equal(notices.read()?.state, 'held');
    claims.remove();
    assert.equal(claims.read(), undefined);
  });

  test('the reason of an end is lost, and the end is not kept waiting', async (t) => {
    const { disk } = await mountDisk(t);
    fill(disk);
    const lastEnd = createLastEnd(disk, join(disk, 'termination-log'));
    lastEnd.write('snmpd is FATAL');
    assert.equal(lastEnd.read(), '');
  });
});

describe('a run folder that can only be read', { skip: noNamespaces, timeout: 600_000 }, () => {
  test('what can’t be written is told by name, and what is there is still read', async (t) => {
    const { disk, readOnly } = await mountDisk(t);
    createClaimFile(disk, 'boot-1/1').write(CLAIM);
    createHealthFile(disk).write(healthLine(1));
    const claims = createClaimFile(readOnly, 'boot-1/1');
    assert.throws(
      () => createHealthFile(readOnly).write(healthLine(2)),
      isDefect(/health can't be written: EROFS/),
    );
    assert.throws(() => claims.write(CLAIM), isDefect(/claim\.json can't be written: EROFS/));
    claims.remove();
    createLastEnd(readOnly, join(readOnly, 'termination-log')).write('snmpd is FATAL');
    assert.deepEqual(claims.read(), CLAIM);
    assert.equal(readFileSync(join(disk, 'health'), 'latin1'), healthLine(1));
    assert.deepEqual(readdirSync(disk).toSorted(), ['claim.json', 'health']);
  });
});
