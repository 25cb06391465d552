/** The built ctrkitd.service as systemd takes it, in a tree of its own: no systemd has to run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const UNIT = fileURLToPath(
  new URL('../../dist/host/usr/lib/systemd/system/ctrkitd.service', import.meta.url),
);
const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).status === 0;
const skip = hasProgram('systemctl') ? false : 'systemctl is not installed';

interface Tree {
  readonly root: string;
  readonly systemctl: (...args: readonly string[]) => { status: number | null; said: string };
  readonly leadsTo: (link: string) => string | undefined;
}

/** A host with SONiC's target and, where `hasShipped`, a ctrmgrd.service of its image. */
function prepare(t: TestContext, { hasShipped }: { hasShipped: boolean }): Tree {
  const root = mkdtempSync(join(tmpdir(), 'ctrkit-it-'));
  t.after(() => rmSync(root, { recursive: true }));
  const units = join(root, 'usr/lib/systemd/system');
  mkdirSync(units, { recursive: true });
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  symlinkSync('usr/lib', join(root, 'lib'));
  copyFileSync(UNIT, join(units, 'ctrkitd.service'));
  for (const target of ['sonic.target', 'multi-user.target']) writeFileSync(join(units, target), '[Unit]\n');
  if (hasShipped)
    writeFileSync(
      join(units, 'ctrmgrd.service'),
      '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=sonic.target\n',
    );
  const systemctl = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('systemctl', [`--root=${root}`, ...args], {
      encoding: 'utf8',
    });
    return { status, said: `${stdout}${stderr}` };
  };
  const leadsTo = (link: string): string | undefined => {
    try {
      return readlinkSync(join(root, 'etc/systemd/system', link));
    } catch {
      return undefined;
    }
  };
  return { root, systemctl, leadsTo };
}

const IS_OURS = /\/ctrkitd\.service$/;

describe('ctrkitd.service', { skip }, () => {
  for (const hasShipped of [true, false])
    test(`is ctrmgrd.service too once it is enabled, ${hasShipped ? 'before that of the image' : 'where the image has none'} (H19)`, (t) => {
      const { systemctl, leadsTo } = prepare(t, { hasShipped });
      if (hasShipped) assert.equal(systemctl('enable', 'ctrmgrd').status, 0);
      systemctl('disable', 'ctrmgrd');
      const enabled = systemctl('enable', 'ctrkitd');
      assert.equal(enabled.status, 0, enabled.said);
      assert.match(leadsTo('ctrmgrd.service') ?? '', IS_OURS);
      for (const target of ['sonic', 'multi-user'])
        assert.match(leadsTo(`${target}.target.wants/ctrkitd.service`) ?? '', IS_OURS);
      assert.equal(leadsTo('sonic.target.wants/ctrmgrd.service'), undefined);
      // Nobody goes back by accident.
      assert.notEqual(systemctl('enable', 'ctrmgrd').status, 0);
      // Again, as an upgrade does.
      assert.equal(systemctl('reenable', 'ctrkitd').status, 0);
      assert.match(leadsTo('ctrmgrd.service') ?? '', IS_OURS);
      assert.equal(systemctl('disable', 'ctrkitd').status, 0);
      assert.equal(leadsTo('ctrmgrd.service'), undefined);
      if (hasShipped) assert.equal(systemctl('enable', 'ctrmgrd').status, 0);
    });

  test('can’t take a name that is masked, which is why it is unmasked first', (t) => {
    const { systemctl, leadsTo } = prepare(t, { hasShipped: true });
    systemctl('mask', 'ctrmgrd');
    assert.notEqual(systemctl('enable', 'ctrkitd').status, 0);
    assert.equal(systemctl('unmask', 'ctrmgrd').status, 0);
    assert.equal(systemctl('enable', 'ctrkitd').status, 0);
    assert.match(leadsTo('ctrmgrd.service') ?? '', IS_OURS);
  });
});
