import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import type { FeatureLedger } from '../../../../../src/contract/images/ledger.ts';
import { LedgerCache } from '../../../../../src/host/daemon/feature/ledger-cache.ts';
import { recordRepository } from '../../../../../src/decide/images/ledger-changes.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLedgerStore } from '../../../../support/fake-ledger-store.ts';

const record = (repository: string) => (ledger: FeatureLedger) => recordRepository(ledger, repository);

describe('the ledger as the daemon has it', () => {
  test('a change is on the disk when it is done, one of nothing is not written', async () => {
    const disk = new FakeLedgerStore();
    const cache = new LedgerCache(disk, {});
    await cache.update('snmp', record('docker-snmp'));
    await cache.update('snmp', record('docker-snmp'));
    await cache.update('lldp', record('docker-lldp'));
    assert.equal(disk.generations.length, 2);
    assert.deepEqual(disk.generations.at(-1), cache.all);
    assert.deepEqual(cache.read('snmp').repositories, ['docker-snmp']);
  });

  test('what could not be written has not happened', async () => {
    const disk = new FakeLedgerStore();
    const cache = new LedgerCache(disk, {});
    disk.broken = 'no space left';
    await assert.rejects(cache.update('snmp', record('docker-snmp')), /no space/);
    assert.deepEqual(cache.read('snmp').repositories, []);
    disk.broken = '';
    await cache.update('snmp', record('docker-snmp'));
    assert.deepEqual(disk.generations.at(-1)?.['snmp']?.repositories, ['docker-snmp']);
  });
});

describe('changes of many features', () => {
  const features = Array.from({ length: 60 }, (_, index) => `feature${index}`);

  function prepare() {
    const disk = new FakeLedgerStore();
    const clock = new FakeClock();
    return { disk, clock, cache: new LedgerCache(disk, {}, clock) };
  }

  test('at the same time are one write, and each is done when that is (H2)', async () => {
    const { disk, clock, cache } = prepare();
    const done: string[] = [];
    for (const name of features) {
      const recordOne = async (): Promise<void> => {
        await cache.update(name, record(`docker-${name}`));
        assert.deepEqual(disk.generations.at(-1)?.[name]?.repositories, [`docker-${name}`]);
        done.push(name);
      };
      void recordOne();
    }
    assert.equal(disk.generations.length, 0);
    await clock.pass(0);
    assert.equal(disk.generations.length, 1);
    assert.deepEqual(done, features);
  });

  test('one after the other are a write every 100 ms, the first of them at once (H2)', async () => {
    const { disk, clock, cache } = prepare();
    for (const name of features) {
      void cache.update(name, record(`docker-${name}`));
      await clock.pass(10);
    }
    await clock.pass(100);
    assert.equal(disk.generations.length, 7);
    assert.deepEqual(Object.keys(cache.all).toSorted(), features.toSorted());
  });

  test('fail together where the disk fails, and nothing of them has happened', async () => {
    const { disk, clock, cache } = prepare();
    disk.broken = 'no space left';
    const results = Promise.allSettled(features.map((name) => cache.update(name, record('docker-x'))));
    await clock.pass(0);
    assert.ok((await results).every(({ status }) => status === 'rejected'));
    assert.deepEqual(cache.all, {});
    disk.broken = '';
    void cache.update('snmp', record('docker-snmp'));
    await clock.pass(100);
    assert.deepEqual(Object.keys(disk.generations.at(-1) ?? {}), ['snmp']);
  });

  test('one that makes no sense fails alone', async () => {
    const { disk, clock, cache } = prepare();
    const broken = cache.update('bgp', () => {
      throw new CtrkitError('defect', 'no such image');
    });
    const results = Promise.allSettled([
      cache.update('snmp', record('a')),
      broken,
      cache.update('lldp', record('b')),
    ]);
    await clock.pass(0);
    assert.deepEqual(
      (await results).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(disk.generations.at(-1), cache.all);
    assert.deepEqual(Object.keys(cache.all), ['snmp', 'lldp']);
  });

  test('of one feature go one on top of the other', async () => {
    const { disk, clock, cache } = prepare();
    void cache.update('snmp', record('a'));
    void cache.update('snmp', record('b'));
    await clock.pass(0);
    assert.deepEqual(disk.generations.at(-1)?.['snmp']?.repositories, ['a', 'b']);
  });
});
