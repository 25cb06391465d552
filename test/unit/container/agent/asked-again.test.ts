import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AskedAgain } from '../../../../src/container/agent/asked-again.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import { claimOf } from '../../../support/claims.ts';

const CLAIM = claimOf();
const HELD: GateNotice = { state: 'held', text: 'held', pid: 7, startTicks: 1, containerStart: 'boot-1/1' };
const WAITING: GateNotice = { ...HELD, state: 'waiting', text: 'waiting' };

function prepare() {
  const scene = {
    notice: undefined as GateNotice | undefined,
    left: undefined as GateNotice | undefined,
    error: undefined as Error | undefined,
    nowMs: 5_000,
    isOwn: (pid: number): boolean => pid === 7,
  };
  const read = (): GateNotice | undefined => {
    if (scene.error !== undefined) throw scene.error;
    return scene.notice;
  };
  const asked = new AskedAgain({
    gateNoticeFile: { read, readLast: () => scene.left },
    isOwnProcess: (pid) => scene.isOwn(pid),
    clock: { bootMs: () => scene.nowMs },
  });
  return { scene, find: (claim = CLAIM) => asked.find(claim) };
}

describe('a gate that is closed beside a claim', () => {
  test('is seen from the second look at that claim on: at the first it may be the gate that has left it (F4)', () => {
    const { scene, find } = prepare();
    scene.notice = HELD;
    assert.equal(find(), undefined);
    assert.deepEqual(find(), { kind: 'held', text: 'held' });
    // It has gone, and left the same claim again.
    assert.equal(find(claimOf({ startedMs: 9_000 })), undefined);
    scene.notice = undefined;
    assert.equal(find(claimOf({ startedMs: 9_000 })), undefined);
  });

  test('and waits, counts after a second: a gate that goes at once is none (F4)', () => {
    const { scene, find } = prepare();
    find();
    scene.notice = WAITING;
    assert.equal(find(), undefined);
    scene.nowMs += 999;
    assert.equal(find(), undefined);
    scene.nowMs += 1;
    assert.deepEqual(find(), { kind: 'waiting', text: 'waiting' });
    scene.notice = HELD;
    assert.deepEqual(find(), { kind: 'held', text: 'held' });
    scene.notice = WAITING;
    assert.equal(find(), undefined);
  });

  test('and was killed, stays closed until a gate goes, which takes the notice away', () => {
    const { scene, find } = prepare();
    find();
    scene.notice = scene.left = HELD;
    assert.deepEqual(find(), { kind: 'held', text: 'held' });
    scene.notice = undefined;
    const said =
      'the gate that was asked again has ended without a go, so what asked it has not started anything: start that anew. It said last: held';
    assert.deepEqual(find(), { kind: 'held', text: said });
    scene.left = { ...HELD, pid: 9 };
    assert.equal(find(), undefined);
    scene.left = undefined;
    assert.equal(find(), undefined);
    // One that ended before it was seen, or was brought in, tells nothing.
    const other = prepare();
    other.find();
    other.scene.left = HELD;
    assert.equal(other.find(), undefined);
  });

  test('says nothing where somebody has brought it in, or its notice can’t be read (F4)', () => {
    const { scene, find } = prepare();
    find();
    scene.notice = { ...HELD, pid: 8 };
    assert.equal(find(), undefined);
    scene.error = new CtrkitError('defect', 'no');
    assert.equal(find(), undefined);
    scene.error = new Error('a fault');
    assert.throws(() => find(), /a fault/);
  });

  test('and was brought in from outside, is none, also when its shell has ended and process 1 is its parent', () => {
    const { scene, find } = prepare();
    find();
    scene.notice = { ...HELD, pid: 8 };
    assert.equal(find(), undefined);
    scene.isOwn = () => true;
    assert.equal(find(), undefined);
    scene.left = scene.notice;
    scene.notice = undefined;
    assert.equal(find(), undefined);
    // Another process by that id.
    scene.notice = { ...HELD, pid: 8, startTicks: 2 };
    assert.deepEqual(find(), { kind: 'held', text: 'held' });
  });
});
