import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { HostStep } from '../../../../../src/decide/feature/host-step.ts';
import type { StepContext } from '../../../../../src/host/daemon/feature/step-executor.ts';
import { StepRunner } from '../../../../../src/host/daemon/feature/step-runner.ts';
import { goldenOf } from '../../../../support/beats.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLog } from '../../../../support/fake-log.ts';

const CLEAN_UP: HostStep = { kind: 'clean-up' };
const ADOPT: HostStep = { kind: 'adopt-shipped', image: goldenOf(1) };
const VERSIONS: HostStep = { kind: 'write-versions', stableVersion: '2.0', lastVersion: '1.0' };
const RESTART: HostStep = { kind: 'restart', edge: 'kube-to-local', key: 'x', text: 'why' };
const FALL_BACK: HostStep = {
  kind: 'fall-back',
  fallback: undefined,
  target: { imageId: 'sha256:1', version: '1.0', rung: 'shipped' },
  guards: [],
  text: 'why',
};

const CONTEXT: StepContext = {
  feature: 'snmp',
  planCleanUp: async () => ({ allowed: false, reason: '', entries: [] }),
  planLocalStart: async () => [],
};

function prepare() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const calls: string[] = [];
  const state = { lockText: undefined as string | undefined, failure: '', release: () => undefined as void };
  const runner = new StepRunner({
    executor: {
      run: async ({ kind }) => {
        if (state.failure === kind) throw new Error('no space left');
        await new Promise<void>((resolve) => (state.release = resolve));
        return kind === 'write-versions' ? '' : `did ${kind}`;
      },
    },
    clock,
    log,
    locks: { readText: () => state.lockText },
    random: () => 1,
    onStart: ({ kind }) => calls.push(`start ${kind}`),
    onDone: (_step, text) => calls.push(text),
    onIdle: () => calls.push('idle'),
  });
  const finish = async (): Promise<void> => {
    for (let turns = 0; turns < 10; turns += 1) {
      state.release();
      await turn();
    }
  };
  return { clock, log, calls, state, runner, finish };
}

describe('running the steps of a feature', () => {
  test('runs what is quick together, then one disruptive step, then clean-up', async () => {
    const { runner, calls, finish } = prepare();
    const all = [CLEAN_UP, FALL_BACK, ADOPT, RESTART, VERSIONS];
    runner.start(all, CONTEXT);
    await finish();
    assert.deepEqual(calls, ['start adopt-shipped', 'did adopt-shipped', 'start write-versions', 'idle']);
    calls.length = 0;
    runner.start([CLEAN_UP, FALL_BACK, RESTART], CONTEXT);
    await finish();
    assert.deepEqual(calls, ['start fall-back', 'did fall-back', 'idle']);
    calls.length = 0;
    runner.start([CLEAN_UP], CONTEXT);
    await finish();
    assert.deepEqual(calls, ['start clean-up', 'did clean-up', 'idle']);
  });

  test('one batch at a time', async () => {
    const { runner, calls, finish } = prepare();
    runner.start([CLEAN_UP], CONTEXT);
    assert.equal(runner.isBusy, true);
    runner.start([ADOPT], CONTEXT);
    await finish();
    assert.equal(runner.isBusy, false);
    assert.deepEqual(calls, ['start clean-up', 'did clean-up', 'idle']);
  });

  test('a lock that was added since keeps a disruptive step, and nothing else', async () => {
    const { runner, calls, state, finish } = prepare();
    state.lockText = 'locked by alice';
    runner.start([RESTART], CONTEXT);
    await finish();
    assert.deepEqual(calls, ['idle']);
    runner.start([ADOPT], CONTEXT);
    await finish();
    assert.deepEqual(calls, ['idle', 'start adopt-shipped', 'did adopt-shipped', 'idle']);
  });

  test('a step that fails ends the batch, is logged, and waits for its time', async () => {
    const { runner, clock, log, calls, state, finish } = prepare();
    state.failure = 'adopt-shipped';
    runner.start([ADOPT, VERSIONS], CONTEXT);
    await finish();
    assert.deepEqual(calls, ['start adopt-shipped', 'idle']);
    assert.deepEqual(log.lines, ['error: snmp: adopt-shipped failed: no space left']);
    const nowMs = clock.bootMs();
    assert.equal(runner.start([ADOPT], CONTEXT), nowMs + 1_000);
    assert.deepEqual(calls, ['start adopt-shipped', 'idle']);
    clock.advance(1_000);
    assert.equal(runner.start([ADOPT], CONTEXT), undefined);
    await finish();
    assert.deepEqual(calls.slice(2), ['start adopt-shipped', 'idle']);
  });
});
