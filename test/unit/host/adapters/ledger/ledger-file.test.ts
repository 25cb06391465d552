import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type Ledger } from '../../../../../src/contract/images/ledger.ts';
import {
  decodeLedger,
  encodeLedger,
  MAX_LEDGER_BYTES,
} from '../../../../../src/host/adapters/ledger/ledger-codec.ts';
import { createLedgerFile } from '../../../../../src/host/adapters/ledger/ledger-file.ts';
import { goldenOf, imageIdOf } from '../../../../support/beats.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const current = (): string => join(folder, 'ledger.json');
const previous = (): string => join(folder, 'ledger.previous.json');
const textOf = (path: string): string => readFileSync(path, 'utf8');
const asideIn = (): string[] => readdirSync(folder).filter((name) => name.includes('bad'));
const goldenIn = (ledger: Ledger): string | undefined => ledger['snmp']?.golden?.imageId;

/** Golden is image `number`. */
const ledgerOf = (number: number): Ledger => ({
  snmp: { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(number) },
});

/** Image 1 in the previous generation, image 2 in the current one. */
function writeTwo(): void {
  const store = createLedgerFile(folder);
  for (const number of [1, 2]) store.write(ledgerOf(number));
}

/** What reads is image `number`, one problem for each of `problems`; and it can be written again. */
function assertReads(number: number | undefined, problems: readonly RegExp[]): void {
  const found = createLedgerFile(folder).read();
  assert.equal(goldenIn(found.ledger), number === undefined ? undefined : imageIdOf(number));
  assert.equal(found.problems.length, problems.length, found.problems.join('\n'));
  for (const [index, problem] of problems.entries()) assert.match(found.problems[index] ?? '', problem);
}

function assertIsMended(): void {
  createLedgerFile(folder).write(ledgerOf(7));
  assertReads(7, []);
  rmSync(current());
  assert.notEqual(goldenIn(createLedgerFile(folder).read().ledger), undefined, 'there is another generation');
}

/** A document as a kit of that format would write it. */
function documentOf(content: Readonly<Record<string, unknown>>): string {
  const checksum = `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
  return JSON.stringify({ ...content, checksum });
}

describe('the ledger’s files', () => {
  test('are readable for all and hold a generation each, in a folder that is made', () => {
    const below = join(folder, 'lib/ctrkit');
    const mask = process.umask(0o077);
    createLedgerFile(below).write(ledgerOf(1));
    process.umask(mask);
    assert.deepEqual(readdirSync(below).toSorted(), ['ledger.json', 'ledger.previous.json']);
    for (const name of readdirSync(below)) assert.equal(statSync(join(below, name)).mode & 0o777, 0o644);
    assert.equal(statSync(below).mode & 0o777, 0o755);
    createLedgerFile(below).write(ledgerOf(2));
    const goldens = ['ledger.json', 'ledger.previous.json'].map((name) => {
      const read = decodeLedger(textOf(join(below, name)));
      return read.kind === 'whole' ? goldenIn(read.ledger) : read.kind;
    });
    assert.deepEqual(goldens, [imageIdOf(2), imageIdOf(1)]);
  });

  test('are left alone where nothing has changed', () => {
    writeTwo();
    for (const path of [current(), previous()]) utimesSync(path, 1, 1);
    createLedgerFile(folder).write(ledgerOf(2));
    for (const path of [current(), previous()]) assert.equal(statSync(path).mtimeMs, 1_000);
  });

  test('are not spoilt by what a killed writer has left', () => {
    writeTwo();
    for (const pid of [process.pid, 1]) writeFileSync(join(folder, `ledger.${pid}.tmp`), '{');
    assertReads(2, []);
    createLedgerFile(folder).write(ledgerOf(3));
    assert.deepEqual(readdirSync(folder).toSorted(), ['ledger.json', 'ledger.previous.json']);
  });

  test('are lines that people can read', () => {
    createLedgerFile(folder).write(ledgerOf(1));
    assert.match(textOf(current()), /^ {2}"format": 1,$/m);
    assert.match(textOf(current()), /^ {8}"version": "1\.0",$/m);
  });
});

describe('a ledger that is not as it was written', () => {
  const NEVER = 'not of this world';

  test('gives way to the generation before, and is kept for people', () => {
    writeTwo();
    writeFileSync(current(), NEVER);
    assertReads(1, [/^ledger\.json: .*JSON/]);
    assertIsMended();
    assert.deepEqual(asideIn(), ['ledger.bad-1.json']);
    assert.equal(textOf(join(folder, 'ledger.bad-1.json')), NEVER);
  });

  test('is not believed when somebody has edited it, while the one before is whole', () => {
    writeTwo();
    writeFileSync(current(), textOf(current()).replaceAll(imageIdOf(2), imageIdOf(9)));
    assertReads(1, [/^ledger\.json: its checksum is not/]);
    assertIsMended();
    assert.deepEqual(asideIn(), ['ledger.bad-1.json']);
  });

  test('is believed when it was edited and there is no other: better than to forget', () => {
    writeTwo();
    writeFileSync(current(), textOf(current()).replaceAll(imageIdOf(2), imageIdOf(9)));
    writeFileSync(previous(), NEVER);
    assertReads(9, [/checksum/, /^ledger\.previous\.json: /]);
    createLedgerFile(folder).write(ledgerOf(3));
    rmSync(current());
    assertReads(9, [/^ledger\.json is missing$/]);
    assert.equal(asideIn().length, 2);
  });

  test('is whole for all that counts with other blanks between its words', () => {
    createLedgerFile(folder).write(ledgerOf(1));
    writeFileSync(current(), JSON.stringify(JSON.parse(textOf(current()))));
    assertReads(1, []);
  });

  test('is read as nothing when no generation makes sense, and says so', () => {
    writeTwo();
    for (const path of [current(), previous()]) writeFileSync(path, NEVER);
    assertReads(undefined, [/^ledger\.json: /, /^ledger\.previous\.json: /]);
    assertIsMended();
  });

  test('may be missing', () => {
    writeTwo();
    rmSync(current());
    assertReads(1, [/^ledger\.json is missing$/]);
    assertIsMended();
    writeTwo();
    rmSync(previous());
    assertReads(2, []);
    createLedgerFile(folder).write(ledgerOf(2));
    assert.ok(existsSync(previous()), 'there are two again');
  });

  test('may be anything else than a file, and nobody waits for it', () => {
    const makers: Record<string, (path: string) => void> = {
      pipe: (path) => execFileSync('mkfifo', [path]),
      folder: (path) => mkdirSync(path),
      'link to a ledger': (path) => {
        writeFileSync(join(folder, 'elsewhere'), encodeLedger(ledgerOf(9)));
        symlinkSync(join(folder, 'elsewhere'), path);
      },
      'link to nowhere': (path) => symlinkSync(join(folder, 'nowhere'), path),
      'file of 100 MB': (path) => {
        writeFileSync(path, encodeLedger(ledgerOf(9)));
        truncateSync(path, 100 * 1024 * 1024);
      },
      'ledger with megabytes of blanks': (path) =>
        writeFileSync(path, encodeLedger(ledgerOf(9)) + ' '.repeat(MAX_LEDGER_BYTES)),
      'file that never ends its lists': (path) => writeFileSync(path, '['.repeat(1_000_000)),
      'file with lists in lists': (path) =>
        writeFileSync(path, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
      'file with nothing': (path) => writeFileSync(path, ''),
    };
    for (const make of Object.values(makers)) {
      for (const path of [current(), previous()]) {
        writeTwo();
        rmSync(path, { recursive: true });
        make(path);
        const isCurrent = path === current();
        assertReads(isCurrent ? 1 : 2, [isCurrent ? /^ledger\.json: / : /^ledger\.previous\.json: /]);
        assertIsMended();
      }
      if (existsSync(join(folder, 'elsewhere')))
        assert.equal(textOf(join(folder, 'elsewhere')), encodeLedger(ledgerOf(9)));
    }
  });

  test('is kept in few copies, of the newest', () => {
    for (let round = 1; round <= 20; round += 1) {
      writeTwo();
      writeFileSync(current(), `${round}`);
      createLedgerFile(folder).write(ledgerOf(3));
    }
    const numbers = Array.from({ length: 8 }, (_, index) => `ledger.bad-${index + 13}.json`);
    assert.deepEqual(asideIn().toSorted(), numbers);
    assert.equal(textOf(join(folder, 'ledger.bad-20.json')), '20');
  });
});

describe('a ledger of another kit', () => {
  const entry = (number: number) => ({ ...EMPTY_FEATURE_LEDGER, golden: goldenOf(number) });

  test('may hold fields that this one does not know', () => {
    const golden = { ...goldenOf(1), mood: 'good' };
    writeFileSync(current(), documentOf({ format: 1, features: { snmp: { ...entry(1), golden } }, by: 'x' }));
    assertReads(1, []);
  });

  test('whose entry of one feature makes no sense costs only that one, which the generation before has', () => {
    createLedgerFile(folder).write({ snmp: entry(1), lldp: entry(1) });
    const bad = { ...entry(2), untagged: ['latest'] };
    const features = { snmp: bad, lldp: entry(2), pmon: bad, 'a|b': entry(2) };
    writeFileSync(current(), documentOf({ format: 1, features }));
    assertReads(1, [/^ledger\.json: snmp: untagged\.0 /, /pmon/, /"a\|b" is no name/]);
    const { ledger } = createLedgerFile(folder).read();
    assert.deepEqual(Object.keys(ledger).toSorted(), ['lldp', 'snmp']);
    assert.equal(ledger['lldp']?.golden?.imageId, imageIdOf(2));
    createLedgerFile(folder).write(ledger);
    assert.equal(asideIn().length, 1, 'what pmon had is kept for people');
    assertReads(1, []);
  });

  test('of a newer format is never written over, whichever generation it is', () => {
    for (const path of [current(), previous()]) {
      writeTwo();
      const newer = documentOf({ format: 2, goldens: [] });
      writeFileSync(path, newer);
      assertReads(path === current() ? 1 : 2, [/format 2, this kit knows 1/]);
      assert.throws(() => createLedgerFile(folder).write(ledgerOf(5)), {
        code: 'disk',
        message: /newer|format 2/,
      });
      assert.equal(textOf(path), newer);
      assert.deepEqual(asideIn(), []);
      rmSync(path);
    }
  });

  test('that only claims a newer format is a broken one: one bit makes a 1 a 3', () => {
    writeTwo();
    writeFileSync(current(), textOf(current()).replace('"format": 1', '"format": 3'));
    assertReads(1, [/no format 1/]);
    assertIsMended();
  });
});

describe('a ledger of an earlier release', () => {
  const text = readFileSync(new URL('../../../../support/ledgers/release-1.json', import.meta.url), 'utf8');

  test('has its shipped images in their own place, and its certified ones, fallbacks and repositories as they were', () => {
    const read = decodeLedger(text);
    assert.ok(read.kind === 'whole');
    assert.equal(read.bad.size, 0);
    const rungsOf = (feature: string) => {
      const found = read.ledger[feature] ?? EMPTY_FEATURE_LEDGER;
      return (['golden', 'previous', 'shipped'] as const).map((rung) => found[rung]?.version);
    };
    assert.deepEqual(rungsOf('lldp'), [undefined, undefined, '1.0']);
    assert.deepEqual(rungsOf('snmp'), ['2.0', undefined, '1.0']);
    assert.deepEqual(rungsOf('telemetry'), [undefined, '2.0', '1.0']);
    assert.deepEqual(rungsOf('bgp'), ['3.0', '2.0', undefined]);
    const { fallbacks, repositories } = read.ledger['snmp'] ?? EMPTY_FEATURE_LEDGER;
    assert.deepEqual([fallbacks.length, repositories], [1, ['registry:5000/docker-snmp']]);
  });

  test('is written anew with the first change, and read as the same', () => {
    writeFileSync(current(), text);
    const store = createLedgerFile(folder);
    const { ledger, problems } = store.read();
    assert.deepEqual(problems, []);
    const changed = { ...ledger, snmp: { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(4) } };
    store.write(changed);
    assert.deepEqual(store.read(), { ledger: changed, problems: [] });
  });

  test('keeps its blocks with an earlier release, for which no golden image has an open fallback (HF1)', () => {
    const fallback = {
      imageId: imageIdOf(2),
      version: '2.0',
      reason: 'unhealthy',
      sinceTs: 1,
      bootId: 'boot-1',
      bootMs: 1,
      isDone: true,
    };
    const ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, golden: goldenOf(2), fallbacks: [fallback] } };
    createLedgerFile(folder).write(ledger);
    const { features } = JSON.parse(textOf(current())) as {
      features: Record<string, Record<string, unknown>>;
    };
    assert.equal(features['snmp']?.['golden'], undefined);
    assert.deepEqual(features['snmp']?.['duties'], {
      tagAsLocal: false,
      removeLocalContainer: false,
      cleanUp: false,
    });
    assert.deepEqual(createLedgerFile(folder).read(), { ledger, problems: [] });
  });

  test('an image that is shipped is in no certified place of a ledger that is written', () => {
    const shipped = goldenOf(1, { source: 'shipped' });
    assert.throws(() => encodeLedger({ snmp: { ...EMPTY_FEATURE_LEDGER, golden: shipped } }), {
      code: 'defect',
    });
    assert.throws(() => encodeLedger({ snmp: { ...EMPTY_FEATURE_LEDGER, shipped: goldenOf(1) } }), {
      code: 'defect',
    });
  });
});
