import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMasterConfig } from '../../../../src/contract/cluster/master-config.ts';
import {
  decideMembership,
  hasSomethingToLeave,
  type MembershipHistory,
  type MembershipStatus,
} from '../../../../src/decide/cluster/membership.ts';

const CONFIG = decodeMasterConfig({ ip: '10.0.0.1' });
const DISABLED = { ...CONFIG, isDisabled: true };
const ALONE: MembershipStatus = {
  isJoined: false,
  isConnected: false,
  isReachable: undefined,
  isUnfinished: false,
  joinedServer: undefined,
};
const JOINED: MembershipStatus = { ...ALONE, isJoined: true, joinedServer: '10.0.0.1:6443' };
const HISTORY: MembershipHistory = { sinceMs: 1_000_000, failures: 0, lastFailureMs: 0, jitter: 0 };
const TIMING = { joinLatencyOnBootMs: 300_000, retryJoinMs: 30_000 };
const at = (nowMs: number) => ({ timing: TIMING, nowMs });
const LATER = at(10_000_000);

describe('a switch that has not joined', () => {
  test('joins once a server is configured', () => {
    assert.deepEqual(decideMembership(CONFIG, ALONE, HISTORY, LATER), {
      kind: 'join',
      text: 'the switch is to join 10.0.0.1:6443',
    });
  });

  test('does nothing without a server, and says what is wrong with one that makes no sense', () => {
    const none = decideMembership(decodeMasterConfig({}), ALONE, HISTORY, LATER);
    assert.deepEqual(none, { kind: 'nothing', text: 'no server is configured', requeueAtMs: undefined });
    const wrong = decideMembership(decodeMasterConfig({ ip: 'a/b' }), ALONE, HISTORY, LATER);
    assert.match(wrong.text, /^no server: its ip "a\/b" is neither/);
    assert.equal(wrong.kind, 'nothing');
  });

  test('waits after the boot, each a time of its own, and a restart of the daemon does not begin it anew', () => {
    const decide = (jitter: number, nowMs: number) =>
      decideMembership(CONFIG, ALONE, { ...HISTORY, sinceMs: 20_000, jitter }, at(nowMs));
    assert.deepEqual(decide(0, 60_000), {
      kind: 'nothing',
      text: 'the switch is to join 10.0.0.1:6443; it does in 4 min',
      requeueAtMs: 300_000,
    });
    assert.equal(decide(0, 300_000).kind, 'join');
    assert.equal(decide(0.5, 374_999).kind, 'nothing');
    assert.equal(decide(0.5, 375_000).kind, 'join');
    assert.equal(decide(0.99, 449_000).kind, 'join');
  });

  test('does not join at the instant in which the whole fleet was configured', () => {
    const decide = (jitter: number, nowMs: number) =>
      decideMembership(CONFIG, ALONE, { ...HISTORY, jitter }, at(nowMs)).kind;
    assert.equal(decide(0, 1_000_000), 'join');
    assert.equal(decide(0.5, 1_014_999), 'nothing');
    assert.equal(decide(0.5, 1_015_000), 'join');
  });

  test('tries again after 30 s, then after double that, ten minutes at most, with jitter', () => {
    const dueMs = (failures: number, jitter = 0): number | undefined => {
      const history = { ...HISTORY, failures, lastFailureMs: 2_000_000, jitter };
      const decision = decideMembership(CONFIG, ALONE, history, at(2_000_000));
      return decision.kind === 'nothing' ? (decision.requeueAtMs ?? 0) - 2_000_000 : undefined;
    };
    assert.deepEqual(
      [1, 2, 3, 5, 6, 100].map((failures) => dueMs(failures)),
      [30_000, 60_000, 120_000, 480_000, 600_000, 600_000],
    );
    assert.equal(dueMs(1, 0.5), 37_500);
    const again = decideMembership(
      CONFIG,
      ALONE,
      { ...HISTORY, failures: 1, lastFailureMs: 1_000_000 },
      at(1_000_000),
    );
    assert.match(again.text, /it does again in 30 s$/);
  });

  test('and is connected all the same does not join a second time', () => {
    const decision = decideMembership(CONFIG, { ...ALONE, isConnected: true }, HISTORY, LATER);
    assert.equal(decision.kind, 'nothing');
    assert.match(decision.text, /^it is connected already/);
    assert.equal(decideMembership(CONFIG, { ...ALONE, isUnfinished: true }, HISTORY, LATER).kind, 'join');
  });

  test('and is to stay away does nothing, however long', () => {
    for (const isReachable of [undefined, true, false]) {
      const decision = decideMembership(DISABLED, { ...ALONE, isReachable }, HISTORY, LATER);
      assert.deepEqual(decision, {
        kind: 'nothing',
        text: 'the server is disabled: it stays away',
        requeueAtMs: undefined,
      });
    }
  });
});

describe('a switch that has joined', () => {
  test('stays, whatever the server does: kubelet connects by itself', () => {
    for (const isConnected of [undefined, true, false])
      for (const isReachable of [undefined, true, false]) {
        const decision = decideMembership(CONFIG, { ...JOINED, isConnected, isReachable }, HISTORY, LATER);
        assert.equal(decision.kind, 'nothing');
        assert.match(decision.text, isReachable === false ? /kubelet goes on trying/ : /^it has joined$/);
      }
  });

  test('stays when its server vanishes from CONFIG_DB, as it does for a moment in a config reload', () => {
    assert.equal(decideMembership(decodeMasterConfig({}), JOINED, HISTORY, LATER).kind, 'nothing');
  });

  test('by another server than the one that is configured now tells both, and stays', () => {
    const config = decodeMasterConfig({ ip: '10.0.0.2', port: '443' });
    assert.deepEqual(decideMembership(config, JOINED, HISTORY, LATER), {
      kind: 'ask-operator',
      text: 'the switch has joined by 10.0.0.1:6443, and 10.0.0.2:443 is configured now. To go over to it: ctrkit kube join --force',
    });
    const unknown = { ...JOINED, joinedServer: undefined };
    assert.equal(decideMembership(config, unknown, HISTORY, LATER).kind, 'nothing');
    assert.equal(decideMembership({ ...config, isDisabled: true }, JOINED, HISTORY, LATER).kind, 'leave');
  });

  test('leaves at once when it is disabled, also right after the boot', () => {
    const history = { ...HISTORY, sinceMs: 10_000, jitter: 0.9 };
    assert.equal(decideMembership(DISABLED, JOINED, history, at(10_000)).kind, 'leave');
  });

  test('leaves also where no server is configured any more', () => {
    const config = decodeMasterConfig({ disable: 'true' });
    assert.equal(decideMembership(config, JOINED, HISTORY, LATER).kind, 'leave');
  });

  test('goes on with a leave that was cut short, and tries one that failed again', () => {
    for (const rest of [{ isJoined: true }, { isUnfinished: true }, { isConnected: true }]) {
      const status = { ...ALONE, ...rest };
      assert.ok(hasSomethingToLeave(status));
      assert.equal(decideMembership(DISABLED, status, HISTORY, LATER).kind, 'leave');
    }
    assert.ok(!hasSomethingToLeave(ALONE));
    const failed = { ...HISTORY, failures: 1, lastFailureMs: 2_000_000 };
    assert.equal(decideMembership(DISABLED, JOINED, failed, at(2_029_999)).kind, 'nothing');
    assert.equal(decideMembership(DISABLED, JOINED, failed, at(2_030_000)).kind, 'leave');
  });
});
