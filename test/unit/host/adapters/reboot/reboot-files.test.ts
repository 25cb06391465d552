import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { RebootMark } from '../../../../../src/contract/reboot/reboot.ts';
import { createRebootHooks } from '../../../../../src/host/adapters/reboot/hook-folder.ts';
import {
  createKubeletUnit,
  decodeKubeletState,
} from '../../../../../src/host/adapters/reboot/kubelet-unit.ts';
import { createRebootMarkFile } from '../../../../../src/host/adapters/reboot/mark-file.ts';

const limits = { limitMs: 60_000, signal: new AbortController().signal };
const mark: RebootMark = {
  kind: 'express',
  bootId: 'c0ffee',
  bootMs: 17,
  sinceTs: 3,
  kubelet: { isEnabled: true, isActive: false },
  isNode: false,
};

/** Root's own, as /tmp is not. */
function makeFolder(t: TestContext): string {
  const folder = mkdtempSync('/var/lib/ctrkit-test-');
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('reboot.json', () => {
  test('holds a record whole, anybody may read it, and it is gone when removed', (t) => {
    const folder = join(makeFolder(t), 'state');
    const store = createRebootMarkFile(folder);
    assert.deepEqual(store.read(), { mark: undefined, problem: undefined });
    store.remove();
    store.write(mark);
    assert.deepEqual(store.read(), { mark, problem: undefined });
    assert.equal(statSync(join(folder, 'reboot.json')).mode & 0o777, 0o644);
    store.remove();
    assert.deepEqual(store.read(), { mark: undefined, problem: undefined });
  });

  for (const [name, text] of [
    ['torn', '{"format": 1, "kind": "wa'],
    ['of another format', '{"format": 2}'],
    ['of a kind that there is not', JSON.stringify({ ...mark, format: 1, kind: 'lukewarm' })],
    ['too long', ' '.repeat(5_000)],
  ] as const)
    test(`one that is ${name} counts as none, and is told`, (t) => {
      const folder = makeFolder(t);
      writeFileSync(join(folder, 'reboot.json'), text);
      const { mark: found, problem } = createRebootMarkFile(folder).read();
      assert.equal(found, undefined);
      assert.match(problem ?? '', /reboot\.json: /);
    });

  test('a link in its place is not followed', (t) => {
    const folder = makeFolder(t);
    writeFileSync(join(folder, 'elsewhere'), 'mine');
    symlinkSync('elsewhere', join(folder, 'reboot.json'));
    const store = createRebootMarkFile(folder);
    assert.match(store.read().problem ?? '', /reboot\.json/);
    store.write(mark);
    assert.equal(readFileSync(join(folder, 'elsewhere'), 'utf8'), 'mine');
    assert.deepEqual(store.read().mark, mark);
  });
});

describe('hooks of a reboot', () => {
  const script = (path: string, text: string, mode = 0o755): void => {
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, mode);
  };

  test('are listed by the bytes of their names, as run-parts has them', (t) => {
    const folder = makeFolder(t);
    for (const name of ['20-b', '10-a', 'Z_9', 'x.dpkg-old', '.hidden', 'a b'])
      script(join(folder, name), ':');
    const { names, problems } = createRebootHooks(folder).list();
    assert.deepEqual(names, ['10-a', '20-b', 'Z_9']);
    assert.equal(problems.length, 2, problems.join('\n'));
    assert.deepEqual(createRebootHooks(join(folder, 'none')).list(), { names: [], problems: [] });
  });

  test('are told what is about to happen, and say why they fail', async (t) => {
    const folder = makeFolder(t);
    script(join(folder, 'well'), `echo "$@" >${folder}/said`);
    script(join(folder, 'ill'), 'echo no peers >&2; exit 3');
    const hooks = createRebootHooks(folder);
    await hooks.run('well', 'prepare', 'warm', limits);
    assert.equal(readFileSync(join(folder, 'said'), 'utf8'), 'prepare warm\n');
    await assert.rejects(hooks.run('ill', 'done', 'fast', limits), /"ill done" ended with 3: no peers/);
    await hooks.run('gone', 'done', 'fast', limits);
  });

  test('are not run where others than root may write them, or they are no programs', async (t) => {
    const folder = makeFolder(t);
    const hooks = createRebootHooks(folder);
    script(join(folder, 'open'), ':', 0o777);
    script(join(folder, 'text'), ':', 0o644);
    mkdirSync(join(folder, 'folder'));
    for (const [name, why] of [
      ['open', /chmod go-w/],
      ['text', /chmod \+x/],
      ['folder', /it is a folder/],
    ] as const)
      await assert.rejects(hooks.run(name, 'done', 'warm', limits), why);
  });

  test('one that hangs is ended with all that it has started', async (t) => {
    const folder = makeFolder(t);
    script(join(folder, 'slow'), 'sleep 600 & sleep 600');
    const run = createRebootHooks(folder).run('slow', 'prepare', 'warm', { ...limits, limitMs: 50 });
    await assert.rejects(run, /"slow prepare" takes longer than 0\.05 s, and was ended/);
  });
});

describe('kubelet’s unit', () => {
  for (const [text, state] of [
    ['LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n', { isEnabled: true, isActive: true }],
    [
      'LoadState=loaded\nActiveState=activating\nUnitFileState=disabled\n',
      { isEnabled: false, isActive: true },
    ],
    ['LoadState=not-found\nActiveState=inactive\nUnitFileState=\n', { isEnabled: false, isActive: false }],
    ['LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n', { isEnabled: false, isActive: false }],
    ['', { isEnabled: false, isActive: false }],
  ] as const)
    test(`is made out of ${JSON.stringify(text)}`, () => assert.deepEqual(decodeKubeletState(text), state));

  test('is asked and told by the words of the restart command, and left alone where there is none', async (t) => {
    const folder = makeFolder(t);
    const systemctl = join(folder, 'systemctl');
    writeFileSync(
      systemctl,
      `#!/bin/sh\necho "$@" >>${folder}/said\n[ "$2" != show ] || printf 'ActiveState=active\\nUnitFileState=enabled\\n'\n`,
    );
    chmodSync(systemctl, 0o755);
    const unit = createKubeletUnit([systemctl, '--quiet'], 'kubelet');
    assert.deepEqual(await unit.readState(limits), { isEnabled: true, isActive: true });
    await unit.halt(limits);
    await unit.resume(true, limits);
    await unit.resume(false, limits);
    const none = createKubeletUnit([systemctl], '');
    assert.deepEqual(await none.readState(limits), { isEnabled: false, isActive: false });
    await none.halt(limits);
    await none.resume(true, limits);
    assert.deepEqual(readFileSync(join(folder, 'said'), 'utf8').trim().split('\n'), [
      '--quiet show --property=LoadState,ActiveState,UnitFileState kubelet',
      '--quiet disable --now kubelet',
      '--quiet enable --now kubelet',
      '--quiet start kubelet',
    ]);
    const missing = createKubeletUnit([join(folder, 'none')], 'kubelet');
    await assert.rejects(missing.halt(limits), /kubelet can’t be stopped or started/);
    await assert.rejects(missing.readState(limits), /systemctl can't tell how kubelet is/);
  });
});
