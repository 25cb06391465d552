import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LedgerCache } from '../../../../../src/host/daemon/feature/ledger-cache.ts';
import { recordRepository } from '../../../../../src/decide/images/ledger-changes.ts';
import { FakeLedgerStore } from '../../../../support/fake-ledger-store.ts';

describe('the ledger as the daemon has it', () => {
  test('a change is on the disk when it returns, one of nothing is not written', () => {
    const disk = new FakeLedgerStore();
    const cache = new LedgerCache(disk, {});
    cache.update('snmp', (ledger) => recordRepository(ledger, 'docker-snmp'));
    cache.update('snmp', (ledger) => recordRepository(ledger, 'docker-snmp'));
    cache.update('lldp', (ledger) => recordRepository(ledger, 'docker-lldp'));
    assert.equal(disk.generations.length, 2);
    assert.deepEqual(disk.generations.at(-1), cache.all);
    assert.deepEqual(cache.read('snmp').repositories, ['docker-snmp']);
  });

  test('what could not be written has not happened', () => {
    const disk = new FakeLedgerStore();
    const cache = new LedgerCache(disk, {});
    disk.broken = 'no space left';
    assert.throws(
      () => cache.update('snmp', (ledger) => recordRepository(ledger, 'docker-snmp')),
      /no space/,
    );
    assert.deepEqual(cache.read('snmp').repositories, []);
    disk.broken = '';
    cache.update('snmp', (ledger) => recordRepository(ledger, 'docker-snmp'));
    assert.deepEqual(disk.generations.at(-1)?.['snmp']?.repositories, ['docker-snmp']);
  });
});
