import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_MEMORY, type FeatureMemory } from '../../../../../src/decide/feature/feature-memory.ts';
import { MemoryKeeper } from '../../../../../src/host/daemon/memory/memory-keeper.ts';
import type { MemoryReading } from '../../../../../src/ports/memory-store.ts';
import { imageIdOf } from '../../../../support/beats.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const FULL: FeatureMemory = {
  heartbeatChain: {
    token: 'token-a',
    bootId: 'boot-1',
    imageId: imageIdOf(2),
    seq: 6,
    beatMs: 100_000,
    overdueMs: 130_000,
    fromMs: 50_000,
  },
  bucket: {
    imageId: imageIdOf(2),
    levelMs: 42_000,
    cause: 'silent',
    notDeployedMs: 1,
    asOfMs: 99_000,
    flow: 'fills',
  },
  holder: {
    dockerId: 'aaaaaaaaaaaa',
    token: 'token-a',
    imageId: imageIdOf(2),
    version: '2.0',
    wasUnhealthy: false,
    isStopping: false,
    restarts: 0,
    restartsWhenHealthy: 0,
  },
  lastEnd: {
    imageId: imageIdOf(2),
    token: 'token-0',
    version: '2.0',
    atMs: 80_000,
    wasPlanned: false,
    text: 'exit code 1',
  },
  observed: { setOwner: 'kube', remoteState: 'running' },
  isLabelDue: true,
  lastFallbackMs: 70_000,
  restarts: [{ edge: 'start-kube', atMs: 60_000 }],
  rebootSinceMs: 50_000,
  record: { fingerprint: '[]', sinceMs: 40_000 },
};

function open(stored: MemoryReading = { features: {}, problem: '' }) {
  const clock = new FakeClock();
  const problems: string[] = [];
  const written: Readonly<Record<string, unknown>>[] = [];
  const disk = { broken: '' };
  const keeper = new MemoryKeeper({
    store: {
      read: () => stored,
      write: (_, features) => {
        if (disk.broken !== '') throw new Error(disk.broken);
        written.push(JSON.parse(JSON.stringify(features)) as Record<string, unknown>);
      },
    },
    clock,
    onProblem: (problem) => problems.push(problem),
  });
  return { clock, keeper, problems, written, disk };
}

describe('what the daemon remembers for the next one', () => {
  test('comes back as it was, but for the bucket, which holds over the time that nobody watched (HF6)', () => {
    const { keeper, written } = open();
    keeper.record('snmp', FULL);
    keeper.record('lldp', NO_MEMORY);
    keeper.save(true);
    const next = open({ features: written[0] ?? {}, problem: '' }).keeper;
    assert.deepEqual(next.resume('snmp'), { ...FULL, bucket: { ...FULL.bucket, flow: 'holds' } });
    assert.deepEqual(next.resume('lldp'), NO_MEMORY);
    assert.deepEqual(next.resume('bgp'), NO_MEMORY);
  });

  test('outlives a feature that is gone from the table for long (H10)', () => {
    const { keeper } = open();
    keeper.record('snmp', FULL);
    assert.equal(keeper.resume('snmp').bucket?.levelMs, 42_000);
  });

  test('of each feature counts by itself: what makes no sense is nothing', () => {
    const broken = [
      null,
      7,
      [],
      {},
      { ...FULL, bucket: { ...FULL.bucket, levelMs: -1 } },
      { ...FULL, restarts: 'x' },
    ];
    for (const snmp of broken) {
      const { keeper } = open({ features: { snmp, lldp: FULL }, problem: '' });
      assert.deepEqual(keeper.resume('snmp'), NO_MEMORY);
      assert.equal(keeper.resume('lldp').bucket?.levelMs, 42_000);
    }
  });

  test('is told where it does not count, or can’t be written, and is written again with the next change', async () => {
    const { keeper, problems, written, disk, clock } = open({ features: {}, problem: 'it is a folder' });
    disk.broken = 'no space left';
    keeper.record('snmp', FULL);
    keeper.save();
    assert.match(problems.join(), /^it is a folder,no space left; a restart of ctrkitd would/);
    assert.equal(keeper.dueMs, Infinity);
    disk.broken = '';
    keeper.record('snmp', FULL);
    keeper.save();
    assert.equal(written.length, 0, 'not at once');
    await clock.pass(10_000);
    assert.equal(keeper.dueMs, clock.bootMs());
    keeper.save();
    assert.equal(written.length, 1);
  });

  test('does not grow for ever: the features that were not heard of for the longest time go', () => {
    const { keeper, written } = open();
    for (let i = 0; i < 300; i += 1) keeper.record(`f${i}`, NO_MEMORY);
    keeper.save(true);
    const names = Object.keys(written[0] ?? {});
    assert.deepEqual([names.length, names[0], names.at(-1)], [256, 'f44', 'f299']);
  });

  test('of a shadow is written nowhere', () => {
    const keeper = new MemoryKeeper({ store: undefined, clock: new FakeClock(), onProblem: assert.fail });
    keeper.record('snmp', FULL);
    keeper.save(true);
    assert.equal(keeper.dueMs, Infinity);
  });
});
