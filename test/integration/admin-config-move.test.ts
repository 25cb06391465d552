import assert from 'node:assert/strict';
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
import { afterEach, beforeEach, describe, test } from 'node:test';
import { encodeAdminConfig } from '../../src/contract/cluster/admin-config.ts';
import { HostMembershipFiles } from '../../src/host/adapters/cluster-tools/membership-files.ts';
import { moveAdminConfig } from '../../src/host/adapters/cluster-tools/move-admin-config.ts';
import { UNFINISHED_SUFFIX, UnfinishedMark } from '../../src/host/adapters/cluster-tools/unfinished-mark.ts';
import { placeAdminConfig, readMembershipSettings } from '../../src/host/membership/settings.ts';
import { withDiskFault } from '../support/power-cut.ts';

const SERVER = '10.0.0.1:6443';
const TEXT = encodeAdminConfig({ server: 'https://10.0.0.1:6443' }, { token: 'secret' }, SERVER);

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctrkit-admin-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A switch whose files are below `root`. */
function open(env: Readonly<Record<string, string>> = {}) {
  const settings = placeAdminConfig(
    readMembershipSettings(env, () => 'switch-1'),
    `${root}/host/ctrkit`,
    root,
  );
  const { adminConfigPath: path, oldAdminConfigPath: oldPath } = settings;
  const oldMark = oldPath === undefined ? undefined : `${oldPath}${UNFINISHED_SUFFIX}`;
  const mark = new UnfinishedMark(`${path}${UNFINISHED_SUFFIX}`, oldMark);
  return { settings, mark, files: new HostMembershipFiles(settings, mark) };
}
const OLD = 'etc/sonic/kube_admin.conf';
const NEW = 'host/ctrkit/kube_admin.conf';

/** As an earlier release, or the shipped daemon, has left them. */
function fillOld(text = TEXT, hasMark = true): void {
  mkdirSync(join(root, dirname(OLD)), { recursive: true });
  writeFileSync(join(root, OLD), text, { mode: 0o644 });
  if (hasMark) writeFileSync(join(root, `${OLD}.unfinished`), '');
}
const listOld = (): string[] => readdirSync(join(root, dirname(OLD)));

describe('the admin configuration of the master', () => {
  test('is kept where no techsupport archive looks, and a setting overrides that (HF12)', () => {
    const named = { CTRKIT_KUBE_ADMIN_CONF: '/x/admin.conf' };
    assert.deepEqual(
      [
        open().settings.adminConfigPath,
        open(named).settings.adminConfigPath,
        open(named).settings.oldAdminConfigPath,
      ],
      [join(root, NEW), '/x/admin.conf', undefined],
    );
    const { files } = open();
    files.writeAdminConfig(TEXT);
    assert.equal(statSync(join(root, NEW)).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(root), ['host']);
  });

  test('of an earlier release is found, moved for root’s eyes only, and nothing of it stays behind (HF12)', () => {
    fillOld();
    const { settings, files } = open();
    assert.deepEqual([files.findJoinedServer(), files.isUnfinished()], [SERVER, true]);
    assert.deepEqual(moveAdminConfig(settings), []);
    assert.deepEqual(listOld(), []);
    assert.equal(readFileSync(join(root, NEW), 'utf8'), TEXT);
    for (const name of [NEW, `${NEW}.unfinished`])
      assert.equal(statSync(join(root, name)).mode & 0o777, 0o600);
    assert.deepEqual([files.findJoinedServer(), files.isUnfinished()], [SERVER, true]);
    assert.deepEqual(moveAdminConfig(settings), []);
  });

  test('is neither lost nor left in two places, wherever the move is killed', () => {
    for (let cutAt = 0, isCut = true; isCut; cutAt += 1) {
      for (const folder of ['etc', 'host']) rmSync(join(root, folder), { recursive: true, force: true });
      fillOld();
      const { settings, files } = open();
      isCut =
        withDiskFault({ after: cutAt, isPowerCut: true }, () => void moveAdminConfig(settings)).length >
        cutAt;
      assert.deepEqual([files.findJoinedServer(), files.isUnfinished()], [SERVER, true]);
      assert.deepEqual(moveAdminConfig(settings), []);
      assert.deepEqual(listOld(), []);
      assert.deepEqual(readdirSync(join(root, dirname(NEW))), [
        'kube_admin.conf',
        'kube_admin.conf.unfinished',
      ]);
    }
  });

  test('that can’t be moved is told, and counts where it is', () => {
    fillOld();
    writeFileSync(join(root, 'host'), 'no folder');
    const { settings, files } = open();
    assert.match(
      moveAdminConfig(settings).join('\n'),
      /kube_admin\.conf can't be moved to .*, and counts on: /,
    );
    assert.deepEqual(listOld(), ['kube_admin.conf', 'kube_admin.conf.unfinished']);
    assert.equal(files.isUnfinished(), true);
  });

  test('that somebody else put beside a newer one is told and left alone, until a join or a leave takes its place', () => {
    for (const act of ['writeAdminConfig', 'removeAdminConfig'] as const) {
      const { settings, files } = open();
      files.writeAdminConfig(TEXT);
      fillOld('another', act === 'removeAdminConfig');
      assert.match(
        moveAdminConfig(settings).at(-1) ?? '',
        /etc\/sonic\/kube_admin\.conf is another one than .*: remove it/,
      );
      assert.ok(existsSync(join(root, OLD)));
      files[act](TEXT);
      assert.deepEqual([listOld(), files.isUnfinished()], [[], false]);
    }
  });
});
