import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { UnclaimedController } from '../../../../src/container/agent/unclaimed-controller.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import type { ProcessNode } from '../../../../src/contract/health/process-node.ts';
import type { ProcessStatus } from '../../../../src/contract/health/process.ts';
import type { FailedStart } from '../../../../src/decide/health/start-check.ts';
import { claimOf } from '../../../support/claims.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { processStatus } from '../../../support/process-status.ts';

const NODE: ProcessNode = { pid: 20, parentPid: 7, isStopped: false, hasEnded: false, role: 'program' };

describe('an agent without a claim', () => {
  let clock: FakeClock;
  let log: FakeLog;
  let owner: 'local' | 'kube';
  let critical: readonly ProcessStatus[] | undefined;
  let failedStart: FailedStart | undefined;
  let claim: StoredClaim | undefined;
  /** What happens between the two readings: of the processes and of the claim. */
  let meanwhile: () => void;
  let writeError: CtrkitError | undefined;
  let claimed: string[];
  let ended: string[];
  let wakes: number;
  let tree: readonly ProcessNode[];
  let letGoOn: number[];
  /** Whether STATE_DB has kept a claim of this start, and how often that was asked. */
  let isOnRecord: boolean;
  let asked: number;
  /** Of a gate that has ended. */
  let notice: GateNotice | undefined;
  let controller: UnclaimedController;

  beforeEach(() => {
    clock = new FakeClock();
    log = new FakeLog();
    owner = 'kube';
    critical = [processStatus('app', 'RUNNING', { pid: 20 })];
    failedStart = undefined;
    claim = undefined;
    meanwhile = () => {};
    writeError = undefined;
    claimed = [];
    ended = [];
    wakes = 0;
    tree = [NODE];
    letGoOn = [];
    isOnRecord = false;
    asked = 0;
    notice = undefined;
    const problems = ['a problem'];
    const identity = () => ({ feature: 'snmp', owner, version: '2.0.0', isVersionSet: true, problems });
    controller = new UnclaimedController(
      {
        readPrograms: async () => (critical === undefined ? undefined : { critical, failedStart }),
        processTree: {
          read: () => {
            meanwhile();
            return tree;
          },
          letGoOn: (pid) => letGoOn.push(pid),
        },
        readIdentity: identity,
        writeLocalClaim: ({ feature, version }) => {
          if (writeError !== undefined) throw writeError;
          claimed.push(`${feature} ${version}`);
        },
        restoreClaim: async () => {
          asked += 1;
          if (isOnRecord) claim = claimOf();
          return isOnRecord;
        },
        claimFile: { read: () => claim },
        gateNoticeFile: { read: () => undefined, readLast: () => notice },
        containerEnd: { end: (text) => ended.push(text) },
        clock,
        log,
        wake: () => (wakes += 1),
      },
      'end',
    );
  });

  /** Two looks, a second apart: what each said of the next. */
  const lookTwice = async (): Promise<number[]> => {
    const first = await controller.reconcile();
    clock.advance(1_000);
    return [first, await controller.reconcile()];
  };

  test('ends a container whose application of owner kube nobody let go, by the second look', async () => {
    assert.equal(await controller.reconcile(), 1_000);
    assert.deepEqual(ended, []);
    clock.advance(1_000);
    await controller.reconcile();
    assert.equal(ended.length, 1);
    assert.match(controller.finding.text, /^ungated: app runs/);
  });

  test('says of an application whose gate was killed that it did ask, and not how to make the image ask', async () => {
    notice = {
      state: 'held',
      text: 'held (owner-is-local)',
      pid: 5,
      startTicks: 1,
      containerStart: 'boot-1/1',
    };
    await lookTwice();
    assert.match(
      ended[0] ?? '',
      /^ungated: app runs, .* ended without a go, .* last: held \(owner-is-local\)$/,
    );
    assert.doesNotMatch(ended[0] ?? '', /Dockerfile/);
  });

  test('tells of a start that failed before its gate let it go, once a minute, since when, and ends nothing', async () => {
    critical = [processStatus('app', 'STOPPED')];
    failedStart = { process: processStatus('start', 'EXITED'), message: 'start was ended by a signal' };
    tree = [];
    await lookTwice();
    const sinceMs = clock.bootMs();
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      await controller.reconcile();
    }
    const { text, startFailedMs } = controller.finding;
    assert.match(
      text,
      /^start was ended by a signal before a gate let the application go, .*: restart the container/,
    );
    assert.equal(startFailedMs, sinceMs);
    assert.deepEqual(log.lines.slice(1), [`error: ${text}`]);
    failedStart = undefined;
    await controller.reconcile();
    assert.deepEqual([controller.finding, ended], [{ text: '' }, []]);
  });

  test('does nothing where a claim has come while it looked', async () => {
    await controller.reconcile();
    clock.advance(1_000);
    meanwhile = () => (claim = claimOf());
    assert.equal(await controller.reconcile(), 0, 'it is taken up at once');
    assert.deepEqual(ended, []);
  });

  test('ends no container whose claim is on record, which is written again (G4)', async () => {
    isOnRecord = true;
    assert.deepEqual(await lookTwice(), [1_000, 0], 'it is taken up at once');
    assert.deepEqual([ended, asked, controller.finding.text], [[], 1, '']);
  });

  for (const [what, setUp] of [
    ['a claim that was released', () => (claim = claimOf({ isReleased: true }))],
    ['owner local', () => (owner = 'local')],
  ] as const)
    test(`asks for no record of ${what}`, async () => {
      setUp();
      await lookTwice();
      assert.equal(asked, 0);
    });

  test('does nothing while supervisord does not answer, and begins anew after it', async () => {
    await controller.reconcile();
    critical = undefined;
    clock.advance(1_000);
    assert.equal(await controller.reconcile(), 5_000);
    critical = [processStatus('app', 'RUNNING', { pid: 20 })];
    clock.advance(1_000);
    await controller.reconcile();
    assert.deepEqual(ended, []);
  });

  test('does nothing where nothing is critical', async () => {
    critical = [];
    assert.deepEqual(await lookTwice(), [5_000, 5_000]);
    assert.deepEqual([ended, controller.finding.text], [[], '']);
  });

  test('only tells of a claim that was released by hand, once a minute', async () => {
    claim = claimOf({ isReleased: true });
    await lookTwice();
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1_000);
      await controller.reconcile();
    }
    const told = log.lines.filter((line) => line.includes('released by hand'));
    assert.deepEqual([ended, told.length], [[], 2]);
  });

  test('claims for a local application, and wakes the loop that takes the claim up', async () => {
    owner = 'local';
    await lookTwice();
    assert.deepEqual([claimed, ended, wakes], [['snmp 2.0.0'], [], 1]);
  });

  test('says what it waits for before it claims, and nothing once there is nothing to wait for', async () => {
    owner = 'local';
    tree = [{ ...NODE, role: 'shell' }];
    await lookTwice();
    const text = 'app runs, and no gate has been asked: unless one is within 60 s, the agent claims for it';
    assert.deepEqual([claimed, controller.finding], [[], { text }]);
    critical = [];
    await controller.reconcile();
    assert.deepEqual(controller.finding, { text: '' });
  });

  test('tells of a claim that it can’t leave, and tries again', async () => {
    owner = 'local';
    writeError = new CtrkitError('defect', 'no space');
    await lookTwice();
    writeError = undefined;
    clock.advance(1_000);
    await controller.reconcile();
    assert.deepEqual(claimed, ['snmp 2.0.0']);
    assert.equal(
      log.lines.filter((line) => line.includes('not claimed, though it runs: no space')).length,
      1,
    );
  });

  test('is woken by a change of a program only while there is no claim', async () => {
    controller.applyChange();
    assert.equal(wakes, 0);
    await controller.reconcile();
    controller.applyChange();
    assert.equal(wakes, 1);
    controller.passClaim(false);
    controller.applyChange();
    assert.equal(wakes, 1);
  });

  test('lets a caller go on whose gate was killed after it had left the claim, by the second look', () => {
    const caller = { ...NODE, pid: 30, isStopped: true, role: 'asker' } as const;
    tree = [caller, { ...NODE, pid: 31, parentPid: 30, hasEnded: true, role: 'gate' }];
    controller.passClaim(false);
    clock.advance(10_000);
    controller.passClaim(true);
    assert.deepEqual(letGoOn, []);
    clock.advance(10_000);
    controller.passClaim(true);
    assert.deepEqual([letGoOn, ended], [[30], []]);
  });

  test('lets nobody go on while a gate is closed: another child of its caller may have ended', () => {
    const caller = { ...NODE, pid: 30, isStopped: true, role: 'asker' } as const;
    const gate = { ...NODE, pid: 32, parentPid: 30, role: 'gate' } as const;
    tree = [caller, gate, { ...NODE, pid: 31, parentPid: 30, hasEnded: true }];
    for (let look = 0; look < 3; look++) {
      controller.passClaim(true);
      clock.advance(10_000);
    }
    assert.deepEqual(letGoOn, []);
  });

  test('tells once what makes no sense of what the container knows of itself', async () => {
    await lookTwice();
    assert.equal(log.lines.filter((line) => line.includes('a problem')).length, 1);
  });
});
