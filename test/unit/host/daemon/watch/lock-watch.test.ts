import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LockWatch } from '../../../../../src/host/daemon/watch/lock-watch.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLockStore } from '../../../../support/fake-lock-store.ts';
import { FakeLog } from '../../../../support/fake-log.ts';

function prepare() {
  const clock = new FakeClock();
  const store = new FakeLockStore();
  const log = new FakeLog();
  const lock = (forMs: number): void =>
    store.add({
      feature: 'snmp',
      owner: 'alice',
      reason: 'debugging',
      sinceTs: 1,
      forMs,
      bootId: clock.bootId(),
      bootMs: clock.bootMs(),
    });
  return { clock, store, log, lock, watch: new LockWatch(store, clock, log) };
}

describe('the operators’ locks in force', () => {
  test('a lock is in force from its setting, within a quarter of a second, until its time is over', () => {
    const { clock, watch, lock } = prepare();
    assert.equal(watch.findText('snmp'), undefined);
    lock(60_000);
    clock.advance(250);
    assert.match(watch.findText('snmp') ?? '', /alice/);
    assert.equal(watch.findText('lldp'), undefined);
    clock.stepWallClock(86_400_000);
    clock.advance(250);
    assert.match(watch.findText('snmp') ?? '', /alice/, 'the wall clock lifts nothing');
    clock.advance(60_000);
    assert.equal(watch.findText('snmp'), undefined);
  });

  test('a lock that was added this moment is in force for whoever reads anew', () => {
    const { watch, lock } = prepare();
    watch.findText('snmp');
    lock(60_000);
    assert.equal(watch.findText('snmp'), undefined);
    assert.match(watch.readText('snmp') ?? '', /alice/);
  });

  test('locks that can’t be read count as locks on everything, logged once, until they can', () => {
    const { clock, watch, store, log } = prepare();
    store.breakDown('Input/output error');
    for (let i = 0; i < 10; i += 1) {
      assert.match(watch.findText('snmp') ?? '', /can't be read: Input\/output error/);
      assert.match(watch.findText('lldp') ?? '', /can't be read/);
      clock.advance(250);
    }
    assert.equal(log.lines.length, 1);
  });

  test('a file that is no lock is reported', () => {
    const { clock, watch, store, log } = prepare();
    store.problems = ['locks/snmp.json is no lock'];
    watch.findText('snmp');
    clock.advance(250);
    watch.findText('snmp');
    assert.deepEqual(log.lines, ['warn: locks/snmp.json is no lock']);
    store.problems = [];
    clock.advance(250);
    watch.findText('snmp');
    assert.equal(log.lines.at(-1), 'info: the locks can be read again');
  });

  test('the folder is not read for every question', () => {
    const { watch, lock } = prepare();
    watch.findText('snmp');
    lock(0);
    assert.equal(watch.findText('snmp'), undefined);
  });
});
