import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type {
  CertificationVerdict,
  DaemonView,
  FallbackVerdict,
  SwitchView,
} from '../../../../../src/contract/feature/daemon-view.ts';
import { createViewFile } from '../../../../../src/host/adapters/view/view-file.ts';
import { until } from '../../../../support/until.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-view-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CERTIFICATIONS: readonly CertificationVerdict[] = [
  { kind: 'off', text: 'off' },
  { kind: 'golden', text: 'golden' },
  { kind: 'not-counting', text: 'why not' },
  { kind: 'counting', text: 'counts', fromMs: 1, neededMs: 2 },
  { kind: 'certified', text: 'is', healthyMs: 3 },
];
const FALLBACKS: readonly FallbackVerdict[] = [
  { kind: 'off', text: 'off' },
  { kind: 'well', text: 'well' },
  { kind: 'failing', cause: 'silent', text: 'x', failingMs: 1, limitMs: 2, asOfMs: 3, isRising: true },
  { kind: 'refused', cause: 'not-deployed', text: 'x' },
  { kind: 'fall-back', cause: 'crash-looping', text: 'x' },
  { kind: 'unknown', text: "it can't be judged" },
];

const SWITCHES: readonly SwitchView[] = [
  { kind: 'none', text: 'why not' },
  { kind: 'restart', text: 'why', restartAtMs: 1 },
];

const view: DaemonView = {
  pid: 4711,
  isShadow: false,
  bootId: 'boot-1',
  startedMs: 100_000,
  problems: ['the engine is away'],
  features: Object.fromEntries(
    FALLBACKS.map((fallback, i) => [
      `f${i}`,
      {
        imageId: 'sha256:1',
        version: '2.0',
        certification: CERTIFICATIONS[i] ?? { kind: 'off', text: '' },
        fallback,
        lastAct: '',
        lastActTs: 0,
        // A daemon of an earlier release has none.
        ...(SWITCHES[i] === undefined ? {} : { switchOver: SWITCHES[i] }),
      },
    ]),
  ),
};
const file = (readStart: (pid: number) => number | undefined = () => 99_990) =>
  createViewFile(folder, readStart);
const path = (): string => join(folder, 'ctrkitd.json');

describe('the daemon’s view', () => {
  test('is read as it was written, every verdict of it', () => {
    file().write(view);
    assert.deepEqual(file().read('boot-1'), { found: view });
    assert.deepEqual(readdirSync(folder), ['ctrkitd.json']);
    assert.equal(statSync(path()).mode & 0o777, 0o644);
  });

  test('is written when it says something new, or somebody has swept the folder', () => {
    const own = createViewFile(join(folder, 'run/ctrkit'));
    const there = join(folder, 'run/ctrkit/ctrkitd.json');
    own.write(view);
    const { ino } = statSync(there);
    own.write({ ...view });
    assert.equal(statSync(there).ino, ino);
    own.write({ ...view, problems: [] });
    assert.deepEqual((JSON.parse(readFileSync(there, 'utf8')) as DaemonView).problems, []);
    own.remove();
    assert.equal(existsSync(there), false);
    own.write({ ...view, problems: [] });
    rmSync(there);
    own.write({ ...view, problems: [] });
    assert.ok(existsSync(there));
  });

  test('that can not be written is an error of the disk, and leaves nothing', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => createViewFile(join(folder, 'file/below')).write(view), { code: 'disk' });
    assert.deepEqual(readdirSync(folder), ['file']);
  });

  test('is none, and why is told, where no daemon has written one', () => {
    assert.deepEqual(file().read('boot-1'), { problem: 'ctrkitd does not run' });
  });

  test('is none of an earlier boot, or of a process that is gone or is another one', () => {
    file().write(view);
    assert.match(JSON.stringify(file().read('boot-2')), /before the last reboot/);
    assert.match(JSON.stringify(file(() => undefined).read('boot-1')), /does not run any more/);
    assert.match(JSON.stringify(file(() => 102_000).read('boot-1')), /does not run any more/);
    assert.deepEqual(file((pid) => (pid === 4711 ? 0 : undefined)).read('boot-1'), { found: view });
  });

  test('is none that is torn, or of another release', () => {
    const whole = JSON.stringify(view);
    for (const text of [
      '',
      whole.slice(0, -5),
      'null',
      '{}',
      whole.replace('"not-counting"', '"counting-down"'),
      whole.replace('"silent"', '"lazy"'),
      whole.replace('4711', '-1'),
      whole.replace('"neededMs":2', '"neededMs":"2"'),
    ]) {
      writeFileSync(path(), text);
      assert.match(JSON.stringify(file().read('boot-1')), /is not what this ctrkit's daemon writes/, text);
    }
  });

  test('tells who watches it of each change, and of no other file', { timeout: 600_000 }, async () => {
    let changes = 0;
    const unwatch = file().watch(() => (changes += 1));
    try {
      writeFileSync(join(folder, 'other'), '');
      file().write(view);
      await until('the change is told', () => changes > 0);
    } finally {
      unwatch();
    }
    createViewFile(join(folder, 'none')).watch(() => {})();
  });
});
