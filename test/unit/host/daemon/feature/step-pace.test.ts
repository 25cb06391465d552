import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostStep } from '../../../../../src/decide/feature/host-step.ts';
import { StepPace } from '../../../../../src/host/daemon/feature/step-pace.ts';
import { goldenOf } from '../../../../support/beats.ts';
import { fallbackOf } from '../../../../support/feature-inputs.ts';

/** The whole of each wait. */
const NO_JITTER = (): number => 1;
const CLEAN_UP: HostStep = { kind: 'clean-up' };
const tag = (imageId: string): HostStep => ({ kind: 'tag-as-local', imageId, repository: 'docker-snmp' });

describe('how often a step is tried', () => {
  test('at once, after 1 s, 2 s, 4 s and so on, and every minute in the end', () => {
    const pace = new StepPace(NO_JITTER);
    const triedMs: number[] = [];
    for (let nowMs = 0; nowMs < 400_000; nowMs += 500) {
      if (pace.selectDue([CLEAN_UP], nowMs).steps.length === 0) continue;
      pace.recordRun(CLEAN_UP, nowMs);
      triedMs.push(nowMs);
    }
    const waits = triedMs.slice(1).map((ms, i) => ms - (triedMs[i] ?? 0));
    assert.deepEqual(
      waits,
      [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60].map((s) => s * 1_000),
    );
  });

  test('what failed for two features at the same moment is not tried for both at the same moment again (H2)', () => {
    const due = [0, 0.5].map((part) => {
      const pace = new StepPace(() => part);
      for (const nowMs of [0, 1_000, 3_000]) pace.recordRun(CLEAN_UP, nowMs);
      return pace.selectDue([CLEAN_UP], 3_001).nextMs;
    });
    assert.deepEqual(due, [5_000, 6_000]);
  });

  test('a step that waits does not keep another one, and it says when it may', () => {
    const pace = new StepPace(NO_JITTER);
    pace.recordRun(CLEAN_UP, 1_000);
    const { steps, nextMs } = pace.selectDue([CLEAN_UP, tag('a')], 1_500);
    assert.deepEqual(steps, [tag('a')]);
    assert.equal(nextMs, 2_000);
    assert.equal(pace.selectDue([tag('a')], 1_500).nextMs, undefined);
  });

  test('the same step for another image is another step', () => {
    const pace = new StepPace(NO_JITTER);
    pace.recordRun(tag('a'), 1_000);
    assert.deepEqual(pace.selectDue([tag('a'), tag('b')], 1_001).steps, [tag('b')]);
  });

  test('a step is the same whenever it was planned', () => {
    const pace = new StepPace(NO_JITTER);
    const pairs: [HostStep, HostStep][] = [
      [
        { kind: 'certify', image: goldenOf(2), previous: undefined, text: 'after 60 s' },
        { kind: 'certify', image: goldenOf(2, { sinceTs: 9 }), previous: undefined, text: 'after 61 s' },
      ],
      [
        { kind: 'adopt-shipped', image: goldenOf(1) },
        { kind: 'adopt-shipped', image: goldenOf(1, { sinceTs: 9 }) },
      ],
      [
        {
          kind: 'fall-back',
          fallback: fallbackOf(2),
          target: { imageId: 'sha256:1', version: '1.0', rung: 'shipped' },
          guards: [],
          text: 'for 2 m',
        },
        {
          kind: 'fall-back',
          fallback: fallbackOf(2, { bootMs: 9 }),
          target: { imageId: 'sha256:1', version: '1.0', rung: 'shipped' },
          guards: [],
          text: 'for 3 m',
        },
      ],
      [
        {
          kind: 'fall-back',
          fallback: undefined,
          target: { imageId: 'sha256:1', version: '1.0', rung: 'shipped' },
          guards: [],
          text: 'a',
        },
        {
          kind: 'fall-back',
          fallback: undefined,
          target: { imageId: 'sha256:1', version: '1.0', rung: 'shipped' },
          guards: [],
          text: 'b',
        },
      ],
      [
        { kind: 'finish-fallback', fallback: fallbackOf(2), isRestartDue: true, target: undefined },
        { kind: 'finish-fallback', fallback: fallbackOf(2), isRestartDue: false, target: undefined },
      ],
    ];
    for (const [first, again] of pairs) {
      pace.recordRun(first, 1_000);
      assert.deepEqual(pace.selectDue([again], 1_001).steps, [], first.kind);
    }
  });

  test('what was not tried for two minutes is tried at once', () => {
    const pace = new StepPace(NO_JITTER);
    for (const nowMs of [0, 1_000, 3_000, 7_000]) pace.recordRun(CLEAN_UP, nowMs);
    assert.deepEqual(pace.selectDue([CLEAN_UP], 128_000).steps, [CLEAN_UP]);
    pace.recordRun(CLEAN_UP, 128_000);
    assert.deepEqual(pace.selectDue([CLEAN_UP], 129_000).steps, [CLEAN_UP], 'and soon again');
  });
});
