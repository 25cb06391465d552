import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { hasInstalledDaemon } from '../../../../src/host/adapters/installed-daemon.ts';

function prepare(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'ctrkit-unit-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'lib/systemd/system');
  mkdirSync(folder, { recursive: true });
  const put = (unit: string): void => writeFileSync(join(folder, unit), '[Unit]\n');
  return { folder, put, program: join(root, 'lib/ctrkit-host/host.cjs') };
}

describe('the daemon of a host', () => {
  test('is told by the file of its unit, SONiC’s or ours, and by no other (H19)', (t) => {
    const { folder, put } = prepare(t);
    const isInstalled = (): boolean => hasInstalledDaemon('/elsewhere/lib/host.cjs', ['/nowhere', folder]);
    put('ctrmgrd.service.d');
    put('featured.service');
    assert.equal(isInstalled(), false);
    put('ctrmgrd.service');
    assert.equal(isInstalled(), true);
  });

  test('is found beside the kit where that is installed elsewhere (H19)', (t) => {
    const { program, put } = prepare(t);
    assert.equal(hasInstalledDaemon(program, []), false);
    put('ctrkitd.service');
    assert.equal(hasInstalledDaemon(program, []), true);
  });
});
