import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DaemonView, FeatureView } from '../../../../../src/contract/feature/daemon-view.ts';
import { ViewPublisher } from '../../../../../src/host/daemon/feature/view-publisher.ts';

const VIEW: FeatureView = {
  imageId: '',
  version: '2.0',
  certification: { kind: 'off', text: 'off' },
  fallback: { kind: 'well', text: 'well' },
  lastAct: '',
  lastActTs: 0,
};
const failing = (failingMs: number): FeatureView => ({
  ...VIEW,
  fallback: {
    kind: 'failing',
    cause: 'silent',
    text: `${failingMs}`,
    failingMs,
    limitMs: 9,
    asOfMs: failingMs,
    isRising: true,
  },
});

function prepare() {
  const written: DaemonView[] = [];
  const problems: string[] = [];
  const disk = { broken: '', removed: 0 };
  const publisher = new ViewPublisher(
    {
      write: (view) => {
        if (disk.broken !== '') throw new Error(disk.broken);
        written.push(view);
      },
      remove: () => (disk.removed += 1),
    },
    { isShadow: false, bootId: 'boot-1', startedMs: 1 },
    (text) => problems.push(text),
  );
  const publish = (view: FeatureView | undefined, nowMs: number, reported: string[] = []): void =>
    publisher.publish(reported, new Map([['snmp', { view }]]), nowMs);
  return { written, problems, disk, publisher, publish };
}

describe('the view for people', () => {
  test('is written when it has changed, and now and then in between', () => {
    const { written, publish } = prepare();
    publish(VIEW, 10_000);
    publish(VIEW, 10_500);
    publish({ ...VIEW, version: '3.0' }, 10_600);
    publish({ ...VIEW, version: '3.0' }, 10_700, ['the engine is away']);
    assert.deepEqual(
      written.map(({ features }) => features['snmp']?.version),
      ['2.0', '3.0', '3.0'],
    );
    assert.deepEqual(written.at(-1)?.problems, ['the engine is away']);
    publish({ ...VIEW, version: '3.0' }, 12_700, ['the engine is away']);
    assert.equal(written.length, 4);
    assert.deepEqual([written[0]?.pid, written[0]?.bootId], [process.pid, 'boot-1']);
  });

  test('a failing time that rises is not written with every reconcile', () => {
    const { written, publish } = prepare();
    for (let ms = 0; ms < 4_000; ms += 100) publish(failing(ms), 10_000 + ms);
    assert.equal(written.length, 2);
  });

  test('a feature that was not reconciled yet is not in it; a full disk is reported, and no more', () => {
    const { written, problems, disk, publish, publisher } = prepare();
    publish(undefined, 10_000);
    assert.deepEqual(written[0]?.features, {});
    disk.broken = 'no space left';
    publish(VIEW, 10_100);
    assert.deepEqual(problems, ['no space left']);
    disk.broken = '';
    publish(VIEW, 12_200);
    assert.equal(written.length, 2);
    publisher.close();
    assert.equal(disk.removed, 1);
  });
});
