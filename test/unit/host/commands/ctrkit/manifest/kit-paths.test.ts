import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  findHiddenKitPath,
  KIT_PATHS,
  resolvePath,
} from '../../../../../../src/host/commands/ctrkit/manifest/kit-paths.ts';

const rootfs = fileURLToPath(new URL('../../../../../../rootfs', import.meta.url));
const files = readdirSync(rootfs, { recursive: true, withFileTypes: true })
  .filter((entry) => !entry.isDirectory())
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(rootfs.length));
/** The agent makes it; no image brings it. */
const AT_RUN_TIME = '/run/ctrkit';

describe('the kit’s own paths', () => {
  test('are all that an image gets of it, and nothing else', () => {
    assert.ok(files.includes('/usr/bin/container_startup'), files.join(' '));
    for (const file of files)
      assert.ok(
        KIT_PATHS.some((path) => file === path || file.startsWith(`${path}/`)),
        file,
      );
    for (const path of KIT_PATHS)
      assert.ok(path === AT_RUN_TIME || files.some((file) => `${file}/`.startsWith(`${path}/`)), path);
  });

  test('are hidden by a mount on them or above, by whatever name of the folder', () => {
    for (const target of [
      '/usr/share/sonic/scripts',
      '/usr/share/sonic',
      '/usr/bin',
      '/bin',
      '/usr',
      '/lib',
      '/usr/lib/ctrkit',
      '/usr/lib/ctrkit/node',
      '/lib/ctrkit/node',
      '/etc',
      '/etc/supervisor',
      '/etc/supervisor/conf.d',
      '/etc/ctrkit',
      '/run',
      '/var/run',
      '/var/run/ctrkit/health',
      '/',
    ])
      assert.notEqual(findHiddenKitPath(target), undefined, target);
    for (const file of files)
      if (!file.startsWith('/etc/ctrkit/')) assert.notEqual(findHiddenKitPath(file), undefined, file);
  });

  test('are not hidden by what is beside them, or the feature’s own below /etc/ctrkit', () => {
    for (const target of [
      '/usr/share/sonic/platform',
      '/usr/share/sonic/scripts-of-mine',
      '/usr/bin/docker',
      '/usr/library',
      '/etc/sonic',
      '/etc/supervisor/conf.d/snmp.conf',
      '/etc/ctrkit/checks.toml',
      '/etc/ctrkit/checks/required.d/snmp-get',
      '/run/redis',
      '/var/run/redis',
      '/var/runner',
      '/home/usr/bin',
    ])
      assert.equal(findHiddenKitPath(target), undefined, target);
  });

  test('are found behind Debian’s softlinks', () => {
    assert.equal(resolvePath('/var/run/redis'), '/run/redis');
    assert.equal(resolvePath('/lib'), '/usr/lib');
    assert.equal(resolvePath('/library/x'), '/library/x');
  });
});
