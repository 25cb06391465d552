import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { buildSync } from 'esbuild';
import { EMPTY_FEATURE_LEDGER, type Ledger } from '../../src/contract/images/ledger.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import { goldenOf, imageIdOf } from '../support/beats.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { until } from '../support/until.ts';

const ROUNDS = 120;
const WRITER = join(import.meta.dirname, '../support/ledger-writer.ts');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Golden is image `number`, with all that makes a ledger long. */
const ledgerOf = (number: number): Ledger => ({
  snmp: { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(number), repositories: ['registry:5000/docker-snmp'] },
});
const goldenIn = (ledger: Ledger): string | undefined => ledger['snmp']?.golden?.imageId;
const readGolden = (from = folder): string | undefined => goldenIn(createLedgerFile(from).read().ledger);
const pathOf = (name: string): string => join(folder, name);

/** One whole generation, whichever: its number, 0 for none. */
function readNumber(from: string): number {
  const { ledger, problems } = createLedgerFile(from).read();
  assert.deepEqual(problems, []);
  const { snmp, lldp } = ledger;
  assert.deepEqual(snmp, lldp);
  const number = Number(snmp?.golden?.version ?? 0);
  assert.equal(Number(snmp?.previous?.version ?? 0), Math.max(number - 1, 0));
  return number;
}

describe('a writer of the ledger that is killed at any moment', { timeout: 600_000 }, () => {
  test(`leaves one whole generation, ${ROUNDS} times, and none that was told to be on the disk is lost`, async () => {
    const program = pathOf('writer.mjs');
    buildSync({ entryPoints: [WRITER], bundle: true, platform: 'node', format: 'esm', outfile: program });
    const below = pathOf('lib/ctrkit');
    let last = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = spawn(process.execPath, [program, below], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(writer, 'close');
      let told = '';
      writer.stdout.setEncoding('latin1').on('data', (text: string) => (told += text));
      await until('it has written one', () => told.includes('\n') || writer.exitCode !== null);
      const killAt = last + 1 + Math.floor(Math.random() * 4);
      // A reader at the same time never sees anything but whole generations, each newer than the one before.
      const isReached = (): boolean => {
        const number = readNumber(below);
        assert.ok(number >= last, `${number} after ${last}`);
        last = number;
        return last >= killAt || writer.exitCode !== null;
      };
      await until(`it has written ledger ${killAt}`, isReached);
      // At whatever it is doing then.
      for (const killAtMs = performance.now() + Math.random() * 4; performance.now() < killAtMs;) isReached();
      writer.kill('SIGKILL');
      await ended;
      const number = readNumber(below);
      const toldLast = Number(told.trimEnd().split('\n').at(-1));
      assert.ok(number === toldLast || number === toldLast + 1, `${number} on the disk, ${toldLast} told`);
      last = number;
    }
    assert.ok(last >= ROUNDS, `${last} ledgers in ${ROUNDS} rounds of one at least`);
    assert.ok(readdirSync(below).length <= 3, 'no more than one file that was being written is left');
  });
});

/** Everything by which the ledger gets to the disk. */
const CALLS = [
  'writeFileSync',
  'fsyncSync',
  'renameSync',
  'copyFileSync',
  'openSync',
  'rmSync',
  'mkdirSync',
  'fchmodSync',
] as const;

/**
 * Runs `act` with a power cut at the `cutAt`th change of the disk: that one and all after it do nothing but throw, one that
 * writes leaves half. Returns the calls that were made.
 */
function withPowerCut(cutAt: number, act: () => void): string[] {
  const made: string[] = [];
  const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]])) as Record<string, unknown>;
  const target = fs as unknown as Record<string, unknown>;
  for (const name of CALLS) {
    target[name] = (...args: unknown[]): unknown => {
      const isReading = name === 'openSync' && ((args[1] as number) & fs.constants.O_CREAT) === 0;
      if (!isReading) made.push(name);
      if (made.length <= cutAt) return (real[name] as (...all: unknown[]) => unknown)(...args);
      if (name === 'writeFileSync' && made.length === cutAt + 1)
        (real[name] as typeof fs.writeFileSync)(args[0] as number, String(args[1]).slice(0, 200));
      throw new Error('the power is cut');
    };
  }
  syncBuiltinESMExports();
  try {
    act();
  } catch (error) {
    assert.match((error as Error).message, /the power is cut/);
  } finally {
    Object.assign(target, real);
    syncBuiltinESMExports();
  }
  return made;
}

type Content = 'missing' | 'whole' | 'edited' | 'broken';

/** `number` is the golden image, unless it is broken or missing. */
function put(name: string, content: Content, number: number): void {
  const from = mkdtempSync(join(folder, 'source-'));
  createLedgerFile(from).write(ledgerOf(number));
  const text = readFileSync(join(from, 'ledger.json'), 'utf8');
  rmSync(from, { recursive: true });
  const texts = {
    whole: text,
    edited: text.replace('"sinceTs": 17', '"sinceTs": 16'),
    broken: text.slice(0, 300),
  };
  if (content !== 'missing') writeFileSync(pathOf(`disk/${name}`), texts[content]);
}

const CONTENTS: readonly Content[] = ['missing', 'whole', 'edited', 'broken'];

describe('a power cut between any two steps of a write', () => {
  for (const current of CONTENTS)
    for (const previous of CONTENTS)
      test(`over a current one that is ${current} and a previous one that is ${previous}`, () => {
        const disk = pathOf('disk');
        const prepare = (): string | undefined => {
          rmSync(disk, { recursive: true, force: true });
          mkdirSync(disk);
          put('ledger.json', current, 2);
          put('ledger.previous.json', previous, 1);
          return readGolden(disk);
        };
        for (let cutAt = 0, isCut = true; isCut; cutAt += 1) {
          const before = prepare();
          const made = withPowerCut(cutAt, () => createLedgerFile(disk).write(ledgerOf(3)));
          isCut = made.length > cutAt;
          const after = readGolden(disk);
          const told = `${String(after)} after ${made.join(', ')}`;
          if (isCut) assert.ok(after === before || after === imageIdOf(3), told);
          else assert.equal(after, imageIdOf(3), told);
          // The next daemon writes as if nothing had been.
          createLedgerFile(disk).write(ledgerOf(4));
          assert.deepEqual(createLedgerFile(disk).read(), { ledger: ledgerOf(4), problems: [] }, told);
        }
      });

  test('can only find names of files that are on the disk: each is synced, renamed, and its folder synced', () => {
    const store = createLedgerFile(folder);
    for (const number of [1, 2]) store.write(ledgerOf(number));
    const made = withPowerCut(Infinity, () => store.write(ledgerOf(3)));
    const each = ['openSync', 'writeFileSync', 'fchmodSync', 'fsyncSync', 'renameSync', 'fsyncSync'];
    assert.deepEqual(made, ['mkdirSync', ...each, ...each]);
  });
});

describe('a ledger that the disk has spoilt', () => {
  let whole: Buffer;
  beforeEach(() => {
    for (const number of [1, 2]) createLedgerFile(folder).write(ledgerOf(number));
    whole = readFileSync(pathOf('ledger.json'));
  });

  test('gives the golden image of the generation before, wherever it was cut off', () => {
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(pathOf('ledger.json'), whole.subarray(0, length));
      // All of it but the last newline is all of it.
      assert.equal(readGolden(), imageIdOf(length === whole.length - 1 ? 2 : 1), `${length} bytes`);
    }
  });

  test('gives one of the two golden images, and mostly that before, whichever bits are flipped', () => {
    let spoilt = 0;
    for (let round = 0; round < 3_000; round += 1) {
      const flipped = Buffer.from(whole);
      for (let flips = 0; flips <= round % 3; flips += 1) {
        const at = Math.floor(Math.random() * flipped.length);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
      }
      writeFileSync(pathOf('ledger.json'), flipped);
      const golden = readGolden();
      if (golden === imageIdOf(1)) spoilt += 1;
      // One blank for another between two words is the same ledger.
      else assert.deepEqual(createLedgerFile(folder).read(), { ledger: ledgerOf(2), problems: [] });
    }
    assert.ok(spoilt > 1_000, `${spoilt} found out`);
  });

  test('gives the golden image of the current one whatever has become of the one before', () => {
    for (let length = 0; length < whole.length; length += 50) {
      writeFileSync(pathOf('ledger.previous.json'), whole.subarray(0, length));
      assert.equal(readGolden(), imageIdOf(2));
    }
  });
});

describe('a disk without room', { skip: noNamespaces, timeout: 600_000 }, () => {
  test('leaves the ledger that was there, whatever could still be written', async (t) => {
    const kit = new Kit(t);
    const mounted = join(kit.folder, 'disk');
    mkdirSync(mounted);
    const script = `set -e; mount -t tmpfs -o size=64k tmpfs ${mounted}; echo mounted; exec sleep 600`;
    const keeper = kit.run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]);
    await until(
      () => `it is mounted. ${keeper.said}`,
      () => keeper.stdout.includes('mounted'),
    );
    const disk = `/proc/${keeper.pid}/root${mounted}`;
    createLedgerFile(disk).write(ledgerOf(1));
    for (let kilobytes = 64; kilobytes >= 0; kilobytes -= 4) {
      const before = readGolden(disk);
      rmSync(join(disk, 'full'), { force: true });
      try {
        writeFileSync(join(disk, 'full'), Buffer.alloc(kilobytes * 1024));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
      const next = 100 - kilobytes;
      try {
        createLedgerFile(disk).write(ledgerOf(next));
        assert.equal(readGolden(disk), imageIdOf(next));
      } catch (error) {
        assert.match((error as Error).message, /can't be written: .*(ENOSPC|no space left)/);
        assert.equal((error as { code?: unknown }).code, 'disk');
        assert.equal(readGolden(disk), before);
      }
      assert.deepEqual(readdirSync(disk).toSorted(), ['full', 'ledger.json', 'ledger.previous.json']);
    }
    assert.equal(readGolden(disk), imageIdOf(100), 'there was room in the end');
  });
});
