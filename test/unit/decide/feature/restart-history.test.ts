import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decideRestartAtMs,
  recordRestart,
  type RestartHistory,
} from '../../../../src/decide/feature/restart-history.ts';
import type { SwitchEdge } from '../../../../src/decide/feature/switch-over.ts';

describe('the restart for an edge that an earlier restart has not ended', () => {
  const wait = (history: RestartHistory, edge: SwitchEdge, nowMs: number): number =>
    decideRestartAtMs(history, edge, nowMs) - nowMs;

  test('comes after 30 s, then after double that, up to 10 min', () => {
    let history: RestartHistory = [];
    const waits: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 8; i += 1) {
      const waitMs = wait(history, 'kube-to-kube', nowMs);
      waits.push(waitMs / 1_000);
      nowMs += waitMs;
      assert.equal(wait(history, 'kube-to-kube', nowMs), 0);
      history = recordRestart(history, { edge: 'kube-to-kube', atMs: nowMs });
    }
    assert.deepEqual(waits, [0, 30, 60, 120, 240, 480, 600, 600]);
    assert.ok(history.length <= 16);
  });

  test('an operator who changes his mind is followed at once, a loop of edges is not', () => {
    const entry = (edge: SwitchEdge, atMs: number) => ({ edge, atMs });
    const once = [entry('kube-to-local', 0)];
    assert.equal(wait(once, 'local-to-kube', 1_000), 0);
    const loop = [...once, entry('local-to-kube', 1_000), entry('back-to-local', 2_000)];
    assert.equal(wait(loop, 'kube-to-kube', 2_000), 30_000);
  });

  test('restarts of long ago are forgotten', () => {
    const history = recordRestart([], { edge: 'kube-to-kube', atMs: 0 });
    assert.equal(wait(history, 'kube-to-kube', 1_200_000), 0);
    assert.equal(recordRestart(history, { edge: 'kube-to-kube', atMs: 1_200_000 }).length, 1);
  });
});
