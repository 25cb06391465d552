import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeConfig, decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeHeartbeat } from '../../../../src/contract/health/heartbeat.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import type { HostSnapshot } from '../../../../src/decide/command/host-snapshot.ts';
import {
  decideEnd,
  decideSeen,
  decideWait,
  type SeenStep,
  type WaitProgress,
  type WaitStep,
} from '../../../../src/decide/command/decide-wait.ts';
import { kitsHolder, NOW, type RawRows } from '../../../support/snapshots.ts';

const LIMITS = { name: 'snmp', revertToLocalMs: 300_000 };
const KUBE = { set_owner: 'kube', state: 'enabled' };
const NO_FALLBACK = { ...KUBE, no_fallback_to_local: 'true' };
const WAITING: WaitProgress = { kind: 'waiting', sinceMs: NOW.bootMs };

const snapshot = ({ config = KUBE, status = {}, heartbeat = {} }: RawRows): HostSnapshot => ({
  config: decodeConfig(config),
  status: decodeStatus(status),
  heartbeat: decodeHeartbeat(heartbeat),
  isMasterConnected: true,
  isKnown: true,
  guards: [],
  problems: [],
});

const decide = (rows: RawRows, progress: WaitProgress = WAITING, afterMs = 0) =>
  decideWait(snapshot(rows), progress, LIMITS, { ...NOW, bootMs: NOW.bootMs + afterMs });
const stepOf = (rows: RawRows, afterMs = 0): WaitStep => decide(rows, WAITING, afterMs).step;

/** Whether it is a good end; what it is instead of an end. */
const endOf = (step: WaitStep | SeenStep): boolean | string =>
  step.kind === 'end' ? step.isWell : step.kind;

describe('container wait, with nobody on record', () => {
  test('answers a container that asks to run, and does so at once', () => {
    assert.equal(stepOf({ status: { remote_state: 'pending' } }).kind, 'answer');
    assert.equal(stepOf({ config: NO_FALLBACK, status: { remote_state: 'pending' } }).kind, 'answer');
  });

  test('answers even when its time is over: somebody is there', () => {
    assert.equal(stepOf({ status: { remote_state: 'pending' } }, 400_000).kind, 'answer');
  });

  test('sleeps until its time is over, in every other state', () => {
    for (const remoteState of ['', 'none', 'ready', 'stopped']) {
      const step = stepOf({ status: { remote_state: remoteState } }, 299_999);
      assert.equal(step.kind, 'sleep', remoteState);
      assert.equal(step.kind === 'sleep' && step.requeueAtMs, NOW.bootMs + 300_000);
    }
  });

  test('gives up when its time is over, an answer that nobody took included', () => {
    for (const remoteState of ['', 'none', 'ready', 'stopped'])
      assert.equal(stepOf({ status: { remote_state: remoteState } }, 300_000).kind, 'give-up', remoteState);
  });

  test('gives up on an answer that nobody takes for 30 s: who asked is gone', () => {
    const ready = { status: { remote_state: 'ready' } };
    const answered = decide(ready, WAITING, 1_000).progress;
    const step = decide(ready, answered, 30_999).step;
    assert.deepEqual(step.kind === 'sleep' && step.requeueAtMs, NOW.bootMs + 31_000);
    assert.equal(decide(ready, answered, 31_000).step.kind, 'give-up');
    const asked = decide({ status: { remote_state: 'pending' } }, answered, 20_000).progress;
    assert.equal(decide(ready, asked, 40_000).step.kind, 'sleep', 'the time of the next answer is its own');
    assert.equal(decide({ ...ready, config: NO_FALLBACK }, answered, 31_000).step.kind, 'sleep');
  });

  test('never gives up without fallback; "false" is not without (D20)', () => {
    const step = stepOf({ config: NO_FALLBACK }, 90 * 86_400_000);
    assert.deepEqual(step.kind === 'sleep' && step.requeueAtMs, undefined);
    assert.equal(stepOf({ config: { ...KUBE, no_fallback_to_local: 'false' } }, 300_000).kind, 'give-up');
  });

  test('asks the engine for the container of the feature’s name where the owner is local', () => {
    assert.deepEqual(stepOf({ config: { set_owner: 'local' } }, 400_000), {
      kind: 'ask-engine',
      ids: ['snmp'],
    });
  });
});

describe('container wait, with somebody on record', () => {
  const kube = kitsHolder({ claimAgoMs: 0, beatAgoMs: 0 });
  const unknown = kitsHolder({ dockerId: 'unknown', claimAgoMs: 0, beatAgoMs: 0 });

  test('asks the engine for that container, whoever owns it', () => {
    assert.deepEqual(stepOf(kube), { kind: 'ask-engine', ids: ['bbbbbbbbbbbb'] });
    const local = kitsHolder({ owner: 'local', claimAgoMs: 0 });
    assert.deepEqual(stepOf(local), { kind: 'ask-engine', ids: ['snmp', 'bbbbbbbbbbbb'] });
  });

  test('waits on the record of a container that could not find its id, until its heartbeat is overdue', () => {
    const { step, progress } = decide(unknown);
    assert.equal(step.kind === 'sleep' && step.requeueAtMs, NOW.bootMs + 30_000);
    assert.equal(decide(unknown, progress, 29_999).step.kind, 'sleep');
    const { step: end } = decide(unknown, progress, 30_000);
    assert.equal(endOf(end), false);
  });

  test('ends well when the record it followed is cleared, or another’s', () => {
    const { progress } = decide(unknown);
    const cleared = decide({ status: { current_owner: 'none', remote_state: 'stopped' } }, progress).step;
    assert.equal(endOf(cleared), true);
    const other = decide(kitsHolder({ dockerId: 'unknown', token: 'token-c', claimAgoMs: 0 }), progress).step;
    assert.equal(endOf(other), true);
  });

  test('neither answers nor gives up while a shipped container without an id runs (D4)', () => {
    const running = { status: { current_owner: 'kube', container_id: '', remote_state: 'running' } };
    const { step, progress } = decide(running, WAITING, 400_000);
    assert.equal(step.kind, 'sleep');
    assert.equal(decide({ status: { remote_state: 'stopped' } }, progress).step.kind, 'end');
  });

  test('neither gives up while the host’s row says no more than that an ASIC’s container runs (D28)', () => {
    assert.equal(stepOf({ status: { system_state: 'up', remote_state: 'running' } }, 400_000).kind, 'sleep');
  });
});

describe('what the engine says of the container', () => {
  const seen = (state: string, exitCode?: number) => ({
    id: 'b'.repeat(64),
    state,
    exitCode,
    hadOomKill: false,
  });
  const judge = (state: string | undefined, rows: RawRows, exitCode?: number) =>
    decideSeen(
      state === undefined ? undefined : seen(state, exitCode),
      snapshot(rows).status,
      WAITING,
      'snmp',
    );

  test('one that is there is waited for, one that has ended has ended', () => {
    for (const state of ['running', 'paused', 'restarting', 'removing'])
      assert.equal(judge(state, {}).kind, 'wait', state);
    for (const state of ['exited', 'dead'])
      assert.deepEqual(judge(state, {}, 3), { kind: 'ended', exitCode: 3, hadOomKill: false }, state);
    const created = judge('created', {});
    assert.equal(endOf(created), false);
  });

  test('one of Kubernetes that it does not know is followed by its record', () => {
    const followed = judge(undefined, kitsHolder({ claimAgoMs: 0 }));
    assert.equal(followed.kind === 'follow' && followed.progress.kind, 'following');
  });

  test('a pod that calls itself local is followed by its record too (D25)', () => {
    assert.equal(judge(undefined, kitsHolder({ owner: 'local', claimAgoMs: 0 })).kind, 'follow');
  });

  test('without a container, and with no sign of life, it is an end that has failed', () => {
    const started = { current_owner: 'local', container_id: 'snmp', docker_id: 'aaaaaaaaaaaa' };
    for (const status of [{}, started]) {
      const end = judge(undefined, { config: { set_owner: 'local' }, status });
      assert.equal(endOf(end), false);
    }
  });
});

describe('how a container ended', () => {
  const end = (exitCode: number | undefined, status: FieldValues = { system_state: 'up' }) =>
    decideEnd({ exitCode, hadOomKill: false }, snapshot({ status }).status);

  test('0 is well, and any code of its own is a failure (D21)', () => {
    assert.equal(end(0).isWell, true);
    for (const code of [1, 127, 134, 139, 143, 255]) {
      assert.equal(end(code).isWell, false, String(code));
      assert.equal(end(code).text, `it ended with ${code}`);
    }
  });

  test('137 is an end while the service is up, as reboot scripts kill before they stop it (H18)', () => {
    assert.equal(end(137).isWell, true);
    assert.match(end(137).text, /^it ended with 137: it was killed, which does not fail the service/);
  });

  test('one that is gone may have ended in any way, and has not failed (H18)', () => {
    assert.deepEqual(end(undefined), {
      kind: 'end',
      isWell: true,
      text: 'it is gone, and nobody knows how it ended',
    });
  });

  test('the engine’s out-of-memory mark is told, and decides nothing', () => {
    const { status } = snapshot({ status: { system_state: 'up' } });
    const marked = decideEnd({ exitCode: 137, hadOomKill: true }, status);
    assert.equal(marked.isWell, end(137).isWell);
    assert.match(marked.text, /^it ended with 137, after an out-of-memory kill: it was killed/);
    assert.equal(decideEnd({ exitCode: 1, hadOomKill: true }, status).isWell, false);
  });

  test('one that was stopped has not failed, whatever its code', () => {
    assert.equal(end(137, { system_state: 'down' }).isWell, true);
    assert.equal(end(undefined, { system_state: 'down' }).isWell, true);
  });
});
