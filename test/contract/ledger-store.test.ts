import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { EMPTY_FEATURE_LEDGER, type Ledger } from '../../src/contract/images/ledger.ts';
import {
  recordFallback,
  recordRepository,
  recordUntaggedImage,
} from '../../src/decide/images/ledger-changes.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';
import { certifyOn, goldenOf, imageIdOf } from '../support/beats.ts';
import { FakeLedgerStore } from '../support/fake-ledger-store.ts';

interface Disk {
  open(): LedgerStore;
  /** No call succeeds any more. */
  breakDown(): void;
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DISKS: Record<string, () => Disk> = {
  'the fake': () => {
    const store = new FakeLedgerStore();
    return { open: () => store, breakDown: () => (store.broken = 'the disk is gone') };
  },
  'a real folder': () => ({
    open: () => createLedgerFile(join(folder, 'lib/ctrkit')),
    breakDown: () => {
      rmSync(join(folder, 'lib'), { recursive: true, force: true });
      writeFileSync(join(folder, 'lib'), '');
    },
  }),
};

const V1 = { ...EMPTY_FEATURE_LEDGER, shipped: goldenOf(1, { source: 'shipped' }) };
const V2 = certifyOn(V1, goldenOf(2));
const FULL = recordUntaggedImage(
  recordRepository(
    recordFallback(V2, {
      imageId: imageIdOf(3),
      version: '3.0',
      reason: 'crash-looping: "snmpd" \\ EXITED',
      sinceTs: 1_700_000_000,
      bootId: 'boot-1',
      bootMs: 12_345,
      isDone: true,
    }),
    'registry:5000/docker-snmp',
  ),
  imageIdOf(1),
);
const LEDGERS: readonly Ledger[] = [
  { snmp: V1 },
  { snmp: V2, lldp: V1 },
  { snmp: FULL, constructor: V1 },
  {},
];

for (const [name, create] of Object.entries(DISKS)) {
  describe(`a ledger on ${name}`, () => {
    test('is empty where none was written, without a problem', () => {
      assert.deepEqual(create().open().read(), { ledger: {}, problems: [] });
    });

    test('is read as it was written last, also by another reader', () => {
      const disk = create();
      for (const ledger of LEDGERS) {
        disk.open().write(ledger);
        assert.deepEqual(disk.open().read(), { ledger, problems: [] });
      }
    });

    test('does not change with what is done to what was read or written', () => {
      const store = create().open();
      const mutable = { snmp: { ...V1 } };
      store.write(mutable);
      mutable.snmp.golden = goldenOf(9);
      (store.read().ledger as typeof mutable).snmp.golden = goldenOf(8);
      assert.deepEqual(store.read().ledger, { snmp: V1 });
    });

    test('is not written where it would not be read back: that would forget a golden image', () => {
      const store = create().open();
      store.write({ snmp: V1 });
      const senseless: Record<string, Ledger> = {
        'an id that is none': { snmp: { ...V1, golden: goldenOf(1, { imageId: 'latest' }) } },
        'a time that is none': { snmp: { ...V1, golden: goldenOf(1, { sinceTs: Number.NaN }) } },
        'the golden image as the previous one': { snmp: { ...V2, previous: goldenOf(2) } },
        'a shipped image that is golden': { snmp: { ...V2, golden: goldenOf(2, { source: 'shipped' }) } },
        'two fallbacks of one image': {
          snmp: { ...FULL, fallbacks: [...FULL.fallbacks, ...FULL.fallbacks] },
        },
        'a field that nobody knows': { snmp: { ...V1, more: true } as Ledger[string] },
        'a name that is none': { 'a|b': V1 },
      };
      for (const [what, ledger] of Object.entries(senseless))
        assert.throws(() => store.write({ lldp: V1, ...ledger }), { code: 'defect' }, what);
      assert.deepEqual(store.read().ledger, { snmp: V1 });
    });

    test('throws when the disk does', () => {
      const disk = create();
      disk.open().write({ snmp: V1 });
      disk.breakDown();
      assert.throws(() => disk.open().read(), { code: 'disk' });
      assert.throws(() => disk.open().write({ snmp: V2 }), { code: 'disk' });
    });
  });
}
