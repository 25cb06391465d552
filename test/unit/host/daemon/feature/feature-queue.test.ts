import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FeatureQueue } from '../../../../../src/host/daemon/feature/feature-queue.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

interface Feature {
  readonly name: string;
  isBusy: boolean;
  requeueAtMs: number | undefined;
}

function prepare() {
  const clock = new FakeClock();
  let added = 0;
  const create = (name: string): Feature => ({ name, isBusy: false, requeueAtMs: undefined });
  const queue = new FeatureQueue<Feature>(clock, create, () => (added += 1));
  const take = (): string[] => queue.take().map(({ name }) => name);
  return { clock, queue, take, added: () => added };
}

describe('the queue of features', () => {
  test('has the features of a new list, each once, and is empty when taken', () => {
    const { queue, take } = prepare();
    queue.update(['snmp', 'lldp']);
    queue.add('snmp');
    assert.deepEqual(take(), ['snmp', 'lldp']);
    assert.deepEqual(take(), []);
  });

  test('leaves out what is no feature, and says when something was added', () => {
    const { queue, take, added } = prepare();
    queue.update(['snmp']);
    take();
    assert.equal(added(), 0);
    queue.add('telemetry');
    assert.deepEqual(take(), []);
    queue.addAll();
    assert.deepEqual(take(), ['snmp']);
    assert.equal(added(), 2);
  });

  test('a feature goes with the second list in a row that does not have it, and not while it is busy', () => {
    const { queue } = prepare();
    queue.update(['snmp', 'lldp']);
    const snmp = queue.features.get('snmp');
    queue.update(['lldp']);
    queue.update(['snmp', 'lldp']);
    queue.update(['lldp']);
    assert.equal(queue.features.get('snmp'), snmp, 'config reload empties the table for a moment');
    assert.ok(snmp);
    snmp.isBusy = true;
    queue.update(['lldp']);
    assert.equal(queue.features.get('snmp'), snmp);
    snmp.isBusy = false;
    queue.update(['lldp']);
    assert.deepEqual([...queue.features.keys()], ['lldp']);
  });

  test('a feature is due at its time, and all are every 10 s', () => {
    const { clock, queue, take } = prepare();
    queue.update(['snmp', 'lldp']);
    queue.addAll();
    take();
    const startMs = clock.bootMs();
    assert.equal(queue.requeueAtMs, startMs + 10_000);
    const snmp = queue.features.get('snmp');
    assert.ok(snmp);
    snmp.requeueAtMs = startMs + 3_000;
    assert.equal(queue.requeueAtMs, startMs + 3_000);
    queue.addDue();
    assert.deepEqual(take(), []);
    clock.advance(3_000);
    queue.addDue();
    assert.deepEqual(take(), ['snmp']);
    snmp.requeueAtMs = undefined;
    clock.advance(7_000);
    queue.addDue();
    assert.deepEqual(take(), ['snmp', 'lldp']);
  });
});
