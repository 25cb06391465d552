import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FallbackVerdict } from '../../../../src/contract/feature/daemon-view.ts';
import type { HostStep } from '../../../../src/decide/feature/host-step.ts';
import { planFallbackSteps } from '../../../../src/decide/feature/plan-fallback-steps.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { imageIdOf } from '../../../support/beats.ts';
import {
  CONFIG,
  containerOf,
  fallbackOf,
  inputOf,
  LABELS,
  ledgerOf,
  STATUS,
} from '../../../support/feature-inputs.ts';

const WELL: FallbackVerdict = { kind: 'well', text: '' };

const planFallback = ({ engine, ...input }: FeatureInput, verdict: FallbackVerdict = WELL): HostStep[] =>
  planFallbackSteps({
    ...input,
    isEngineAway: engine.isAway,
    container: engine.containers[0],
    verdict,
    blamed: undefined,
    target: { imageId: imageIdOf(1), version: '1.0', rung: 'golden' },
  });

describe('the steps of fallbacks', () => {
  test('a feature without a fallback needs nothing', () => {
    assert.deepEqual(planFallback(inputOf()), []);
  });

  test('a block that STATE_DB has lost is written again, one set to true is lifted, one that stands is left alone', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3)] });
    const withLabel = (label: string): HostStep[] =>
      planFallback(inputOf({ ledger, rows: { [LABELS]: { 'snmp_3.0_enabled': label } } }));
    assert.deepEqual(withLabel(''), [{ kind: 'block-version', version: '3.0' }]);
    assert.deepEqual(withLabel('True'), [{ kind: 'lift-block', imageId: imageIdOf(3), version: '3.0' }]);
    assert.deepEqual(withLabel('false'), []);
    assert.deepEqual(withLabel('False'), []);
    assert.deepEqual(withLabel('maybe'), [{ kind: 'block-version', version: '3.0' }]);
  });

  test('an operator’s block is written again and lifted by its label, once where its version was fallen back from too', () => {
    const blockedVersions = new Set(['3.0', '4.0']);
    const withLabel = (label: string, changes: Parameters<typeof inputOf>[0] = {}): HostStep[] =>
      planFallback(
        inputOf({
          ...changes,
          blockedVersions,
          rows: { [LABELS]: { 'snmp_3.0_enabled': label, 'snmp_4.0_enabled': 'false' } },
        }),
      );
    assert.deepEqual(withLabel(''), [{ kind: 'block-version', version: '3.0' }]);
    assert.deepEqual(withLabel('false'), []);
    assert.deepEqual(withLabel('True'), [{ kind: 'lift-operator-block', version: '3.0' }]);
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3)] });
    assert.deepEqual(withLabel('', { ledger }), [{ kind: 'block-version', version: '3.0' }]);
    assert.deepEqual(withLabel('true', { ledger }), [
      { kind: 'lift-block', imageId: imageIdOf(3), version: '3.0' },
      { kind: 'lift-operator-block', version: '3.0' },
    ]);
  });

  test('a fallback that was cut short restarts the service only while its image may still be what runs', () => {
    const fallbacks = [fallbackOf(2, { isDone: false })];
    const isDue = (changes: Parameters<typeof inputOf>[0]): boolean => {
      const step = planFallback(inputOf({ ledger: ledgerOf({ fallbacks }), ...changes }))[0];
      assert.ok(step?.kind === 'finish-fallback');
      return step.isRestartDue;
    };
    assert.equal(isDue({}), true);
    assert.equal(isDue({ engine: { containers: [] } }), true, 'it has crashed');
    assert.equal(isDue({ engine: { containers: [containerOf({ imageId: imageIdOf(4) })] } }), false);
    assert.equal(isDue({ rows: { [CONFIG]: { set_owner: 'local' } } }), false);
    const ofEarlierBoot = ledgerOf({ fallbacks: [fallbackOf(2, { isDone: false, bootId: 'earlier' })] });
    assert.equal(isDue({ ledger: ofEarlierBoot }), false, 'days may have passed');
  });

  test('a fallback that was cut short asks systemd where the service is down and nothing runs any more (H15)', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(2, { isDone: false })] });
    const isAsked = (changes: Parameters<typeof inputOf>[0]): boolean | undefined => {
      const step = planFallback(inputOf({ ledger, ...changes }))[0];
      return step?.kind === 'finish-fallback' && step.isRestartDue ? step.isServiceDown : undefined;
    };
    const down = { [STATUS]: { system_state: 'down' } };
    assert.equal(isAsked({}), false);
    assert.equal(isAsked({ rows: down }), false, 'it wrote that itself: the failing container still runs');
    const ended = { containers: [containerOf({ state: 'exited' })] };
    assert.equal(isAsked({ rows: down, engine: ended }), true, 'somebody may have stopped it');
  });

  test('a fallback without an image to blame is guarded and recorded nowhere', () => {
    const verdict = { kind: 'fall-back', cause: 'not-deployed', text: 'nothing is deployed' } as const;
    const [step] = planFallback(inputOf(), verdict);
    assert.ok(step?.kind === 'fall-back');
    assert.equal(step.fallback, undefined);
    assert.equal(step.guards.length, 2);
  });
});
