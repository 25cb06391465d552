import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { acquireMembershipLock } from '../../../../src/host/adapters/cluster-tools/membership-lock.ts';
import { assertSingle } from '../../../../src/host/adapters/single-instance.ts';
import { isErrorOf } from '../../../support/errors.ts';

const MODULE = fileURLToPath(new URL('../../../../src/host/adapters/single-instance.ts', import.meta.url));
const isRoot = process.geteuid?.() === 0;

function prepare(t: TestContext): {
  readonly folder: string;
  readonly program: string;
  readonly subject: string;
} {
  const parent = mkdtempSync(join(tmpdir(), 'ctrkit-single-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  return { folder: join(parent, 'run'), program: 'ctrkitd', subject: join(parent, 'state') };
}

/** Another process that takes the name, says so, and keeps it until it is killed. */
function startHolder(t: TestContext, name: object) {
  const script = `const { assertSingle } = await import(${JSON.stringify(MODULE)});
    assertSingle(${JSON.stringify(name)}).then(
      () => { console.log('has it'); setInterval(() => {}, 60_000); },
      (error) => console.log(error.code));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const said = once(child.stdout, 'data').then(([data]) => String(data).trim());
  return { child, said };
}

describe('the only process of a name', { timeout: 600_000 }, () => {
  test('is refused to a second one, until the first gives it up or is killed', async (t) => {
    const name = prepare(t);
    const { child, said } = startHolder(t, name);
    assert.equal(await said, 'has it');
    await assert.rejects(assertSingle(name), isErrorOf('usage', /another ctrkitd already runs/));
    const other = await assertSingle({ ...name, subject: '/another/state' });
    other.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const hold = await assertSingle(name);
    await assert.rejects(assertSingle(name), isErrorOf('usage'));
    hold.close();
    hold.close();
    (await assertSingle(name)).close();
  });

  test('is one of many that start at the same moment', async (t) => {
    const name = prepare(t);
    const results = await Promise.all(Array.from({ length: 6 }, () => startHolder(t, name).said));
    assert.deepEqual(results.toSorted(), ['has it', ...Array<string>(5).fill('usage')].toSorted());
  });

  test('can be kept from it by no process that is not root’s: abstract sockets of that name are anybody’s (H14)', async (t) => {
    const name = prepare(t);
    for (const path of [`ctrkitd:${name.subject}`, `ctrkit-membership:${name.subject}`]) {
      const squatter = createServer().listen({ path: `\0${path}` });
      await once(squatter, 'listening');
      t.after(() => squatter.close());
    }
    (await assertSingle(name)).close();
    const release = await acquireMembershipLock(name, () => false);
    assert.ok(release !== undefined);
    release();
  });

  test(
    'has a file that another user can’t open, so can’t lock (H14)',
    { skip: !isRoot && 'needs root' },
    async (t) => {
      const name = prepare(t);
      (await assertSingle(name)).close();
      chmodSync(join(name.folder, '..'), 0o755);
      const [file = ''] = readdirSync(name.folder);
      const { status } = spawnSync('flock', ['-n', join(name.folder, file), 'true'], {
        uid: 65_534,
        gid: 65_534,
      });
      assert.notEqual(status, 0);
      (await assertSingle(name)).close();
    },
  );

  test('is not had by a link, a folder that others write into, or a file of others (H14)', async (t) => {
    const name = prepare(t);
    (await assertSingle(name)).close();
    const [file = ''] = readdirSync(name.folder);
    const path = join(name.folder, file);
    const elsewhere = join(name.folder, '../elsewhere');
    writeFileSync(elsewhere, '', { mode: 0o600 });
    rmSync(path);
    symlinkSync(elsewhere, path);
    await assert.rejects(assertSingle(name), isErrorOf('disk', /can't be locked/));
    rmSync(path);
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    await assert.rejects(assertSingle(name), isErrorOf('disk', /no file of its owner alone/));
    rmSync(path);
    mkdirSync(path);
    await assert.rejects(assertSingle(name), isErrorOf('disk'));
    rmSync(path, { recursive: true });
    chmodSync(name.folder, 0o777);
    await assert.rejects(assertSingle(name), isErrorOf('disk', /others than its owner may write/));
  });
});
