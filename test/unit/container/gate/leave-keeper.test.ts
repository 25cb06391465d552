import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { leaveKeeper } from '../../../../src/container/gate/leave-keeper.ts';
import type { Owner } from '../../../../src/contract/feature/feature.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { KeeperEvents, StartKeeper } from '../../../../src/ports/keeper.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** A gate that leaves a keeper, and the keeper's part of it. */
class TestStart {
  readonly clock = new FakeClock();
  readonly done: string[] = [];
  hasAgent = false;
  endsWhenKilled = true;
  result: string | undefined;
  events: KeeperEvents | undefined;

  async begin(owner: Owner, startKeeper = this.startKeeper): Promise<void> {
    const { clock } = this;
    const agentPresence = { read: () => ({ isAlive: this.hasAgent, isStopping: false }) };
    const left = leaveKeeper({ clock, agentPresence, startKeeper }, { owner, heartbeatIntervalMs: 10_000 });
    void left.then((result) => (this.result = result));
    await clock.pass(0);
  }

  private readonly startKeeper: StartKeeper = async (events) => {
    this.events = events;
    const kill = (): void => {
      this.done.push('killed');
      if (this.endsWhenKilled) events.onEnd('SIGKILL');
    };
    return { kill, leave: () => void this.done.push('left') };
  };
}

describe('a gate that leaves a keeper', () => {
  test('waits until the claim is renewed, and then for nothing', async () => {
    const start = new TestStart();
    await start.begin('kube');
    await start.clock.pass(29_000);
    assert.equal(start.result, undefined);
    start.events?.onSign('holds');
    await start.clock.pass(0);
    assert.deepEqual([start.result, start.done], ['', ['left']]);
    await start.clock.pass(60_000);
    assert.deepEqual(start.done, ['left']);
  });

  test('a keeper that aborts, or finds the claim lost, renews nothing: each is told at once', async () => {
    const aborted = new TestStart();
    await aborted.begin('kube');
    aborted.events?.onEnd('SIGABRT');
    await aborted.clock.pass(0);
    assert.equal(aborted.result, 'the keeper has ended at its start (SIGABRT)');

    const late = new TestStart();
    await late.begin('kube');
    late.events?.onSign('superseded');
    await late.clock.pass(0);
    assert.deepEqual(
      [late.result, late.done],
      ['another container has claimed the feature', ['killed', 'left']],
    );
  });

  test('one that has hung for 30 s is killed; the gate waits for its end, and not for ever', async () => {
    const start = new TestStart();
    start.endsWhenKilled = false;
    await start.begin('kube');
    await start.clock.pass(30_000);
    assert.deepEqual([start.result, start.done], [undefined, ['killed']]);
    await start.clock.pass(1_000);
    assert.equal(start.result, 'the keeper has not renewed the claim within 30 s');
    assert.deepEqual(start.done, ['killed', 'left']);
  });

  test('a database that is away right after the claim keeps nobody from starting: the claim is good for a lease', async () => {
    const start = new TestStart();
    await start.begin('kube');
    await start.clock.pass(10_000);
    start.events?.onSign('away');
    await start.clock.pass(0);
    assert.deepEqual([start.result, start.done], ['', ['left']]);
  });

  test('after an interval only a heartbeat shows that the claim still stands', async () => {
    const start = new TestStart();
    await start.begin('kube');
    await start.clock.pass(10_001);
    start.events?.onSign('away');
    await start.clock.pass(10_000);
    assert.equal(start.result, undefined);
    start.events?.onSign('holds');
    await start.clock.pass(0);
    assert.equal(start.result, '');
  });

  test('one that gives way to an agent has not failed', async () => {
    const start = new TestStart();
    await start.begin('kube');
    start.hasAgent = true;
    start.events?.onEnd('status 0');
    await start.clock.pass(0);
    assert.equal(start.result, '');
  });

  test('owner local waits for a second, and leaves the keeper to itself', async () => {
    const start = new TestStart();
    await start.begin('local');
    await start.clock.pass(1_000);
    assert.deepEqual(
      [start.result, start.done],
      ['the keeper has not renewed the claim within 1 s', ['left']],
    );
  });

  test('where no process can be started, it says why', async () => {
    const start = new TestStart();
    await start.begin('kube', () =>
      Promise.reject(new CtrkitError('defect', 'no keeper can be started: EAGAIN')),
    );
    assert.equal(start.result, 'no keeper can be started: EAGAIN');
  });
});
