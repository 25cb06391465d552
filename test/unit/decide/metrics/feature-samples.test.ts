import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideFeature } from '../../../../src/decide/feature/decide-feature.ts';
import { NO_MEMORY } from '../../../../src/decide/feature/feature-memory.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { gatherFeatureFacts, type FeatureFacts } from '../../../../src/decide/metrics/feature-facts.ts';
import {
  describeFeatures,
  type FeatureSamplesInput,
} from '../../../../src/decide/metrics/feature-samples.ts';
import { renderExposition } from '../../../../src/text/exposition.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { parseExposition } from '../../../support/exposition.ts';
import {
  AT,
  BEAT_ROW,
  CONFIG,
  fallbackOf,
  inputOf,
  ledgerOf,
  POLICY,
  STATUS,
} from '../../../support/feature-inputs.ts';

/** The facts after one reconcile. */
function factsOf(input: FeatureInput): FeatureFacts {
  const { view, memory } = decideFeature(NO_MEMORY, input);
  return gatherFeatureFacts(input, view, memory);
}

/** A reader of the samples: the value of the one with these labels besides `feature`, undefined if there is none. */
function scrape(facts: FeatureFacts, changes: Partial<FeatureSamplesInput> = {}) {
  const families = describeFeatures({
    facts: [facts],
    counts: new Map(),
    holds: undefined,
    imageIds: undefined,
    now: AT,
    ...changes,
  });
  const found = parseExposition(renderExposition(families));
  return (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
    found
      .get(`ctrkit_feature_${name}`)
      ?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      ?.value;
}

/** Which of the states is 1. */
function stateOf(facts: FeatureFacts, name: string, label: string, now = AT): string[] {
  const families = describeFeatures({
    facts: [facts],
    counts: new Map(),
    holds: undefined,
    imageIds: undefined,
    now,
  });
  const samples = parseExposition(renderExposition(families)).get(`ctrkit_feature_${name}`)?.samples ?? [];
  return samples.filter(({ value }) => value === 1).map(({ labels }) => labels[label] ?? '');
}

const FAILING = factsOf(inputOf({ rows: { [BEAT_ROW]: { status: 'unhealthy' } } }));

describe('the metrics of a feature', () => {
  test('tell owner, remote state and health as sets of states, of which one is 1', () => {
    const facts = factsOf(inputOf());
    assert.deepEqual(stateOf(facts, 'wanted_owner', 'owner'), ['kube']);
    assert.deepEqual(stateOf(facts, 'owner', 'owner'), ['kube']);
    assert.deepEqual(stateOf(facts, 'remote_state', 'state'), ['running']);
    assert.deepEqual(stateOf(facts, 'health', 'status'), ['healthy']);
    assert.equal(scrape(facts)('enabled'), 1);
    assert.equal(scrape(factsOf(inputOf({ rows: { [CONFIG]: { state: 'disabled' } } })))('enabled'), 0);
  });

  test('tell that nobody runs it, and what no state is', () => {
    const rows = { [STATUS]: { current_owner: 'none', docker_id: '', remote_state: 'odd"\n' } };
    const facts = factsOf(inputOf({ rows }));
    assert.deepEqual(stateOf(facts, 'owner', 'owner'), ['none']);
    assert.deepEqual(stateOf(facts, 'remote_state', 'state'), []);
    assert.deepEqual(stateOf(facts, 'health', 'status'), ['unknown']);
  });

  test('tell a heartbeat that has stopped, though no row has changed since', () => {
    const facts = factsOf(inputOf());
    assert.deepEqual(stateOf(facts, 'health', 'status', { ...AT, bootMs: AT.bootMs + 30_000 }), ['silent']);
    assert.deepEqual(stateOf(facts, 'health', 'status', { ...AT, bootId: 'boot-2' }), ['unknown']);
    const another = factsOf(inputOf({ rows: { [BEAT_ROW]: { token: 'token-b' } } }));
    assert.deepEqual(stateOf(another, 'health', 'status'), ['unknown']);
  });

  test('tell which rungs of the ladder are there, and which stand', () => {
    const ledger = ledgerOf({ previous: goldenOf(3), shipped: goldenOf(4), fallbacks: [fallbackOf(1)] });
    const read = scrape(factsOf(inputOf({ ledger })), { imageIds: new Set([imageIdOf(1), imageIdOf(3)]) });
    const rungs = ['golden', 'previous', 'shipped'];
    assert.deepEqual(
      rungs.map((rung) => [read('rung_present', { rung }), read('rung_standing', { rung })]),
      [
        [1, 0],
        [1, 1],
        [0, 0],
      ],
    );
    assert.equal(read('golden_info', { version: goldenOf(3).version }), 1, 'the highest that stands');
    const without = scrape(factsOf(inputOf()));
    assert.equal(
      without('rung_present', { rung: 'golden' }),
      1,
      'an engine that does not say takes nothing away',
    );
    assert.equal(without('rung_present', { rung: 'previous' }), undefined);
  });

  test('tell the versions that run and that are golden, and where golden is from', () => {
    const read = scrape(factsOf(inputOf()));
    assert.equal(read('running_info', { version: '2.0' }), 1);
    assert.equal(read('golden_info', { source: 'certified' }), 1);
    const none = scrape(
      factsOf(inputOf({ ledger: ledgerOf({ golden: undefined }), engine: { containers: [] } })),
    );
    assert.equal(none('golden_info'), undefined);
    assert.equal(none('running_info'), undefined);
  });

  test('tell how far the certification is, in seconds', () => {
    const facts = factsOf(inputOf());
    assert.deepEqual(stateOf(facts, 'certification', 'state'), ['counting']);
    assert.equal(scrape(facts)('certification_needed_seconds'), 60);
    assert.equal(scrape(facts)('certification_earned_seconds'), 0);
    const off = factsOf(inputOf({ rows: { [POLICY]: { active_time_to_mark_good: '' } } }));
    assert.equal(scrape(off)('certification_needed_seconds'), 0);
    const counted = { ...facts, beat: { ...facts.beat, beatMs: AT.bootMs + 30_000 } };
    assert.equal(scrape(counted)('certification_earned_seconds'), 30.1);
    const beyond = { ...facts, beat: { ...facts.beat, beatMs: AT.bootMs + 300_000 } };
    assert.equal(scrape(beyond)('certification_earned_seconds'), 60);
  });

  test('tell the failing time as of the scrape, its limit and the cause', () => {
    const now = { ...AT, bootMs: AT.bootMs + 12_500 };
    const read = scrape(FAILING, { now });
    assert.deepEqual(stateOf(FAILING, 'fallback', 'state'), ['failing']);
    assert.deepEqual(stateOf(FAILING, 'failing', 'cause'), ['unhealthy']);
    assert.equal(read('failing_seconds'), 12.5);
    assert.equal(read('failing_limit_seconds'), 120);
    assert.equal(scrape(FAILING, { now: { ...AT, bootMs: AT.bootMs + 1e9 } })('failing_seconds'), 120);
    const well = scrape(factsOf(inputOf()), { now });
    assert.equal(well('failing_seconds'), 0);
    assert.equal(well('failing', { cause: 'unhealthy' }), 0);
  });

  test('tell a refused fallback as a state, at its limit', () => {
    const view = { ...FAILING.view, fallback: { kind: 'refused', cause: 'not-deployed', text: '' } as const };
    const refused = { ...FAILING, view, notDeployedLimitMs: 300_000 };
    assert.deepEqual(stateOf(refused, 'fallback', 'state'), ['refused']);
    assert.equal(scrape(refused)('failing_seconds'), 300);
    assert.equal(scrape(refused)('failing_limit_seconds'), 300);
  });

  test('tell fallbacks, blocks, lock, holds and a label that is still to be written', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3), fallbackOf(4)] });
    const facts = factsOf(inputOf({ ledger, lockText: 'locked', blockedVersions: new Set(['4.0', '5.0']) }));
    const counts = new Map([['snmp', { fallbacks: 2, restarts: new Map([['fallback' as const, 2]]) }]]);
    const read = scrape(facts, { counts, holds: new Map([['snmp', 3]]) });
    assert.equal(read('open_fallbacks'), 2);
    assert.equal(read('blocked_versions'), 3);
    assert.equal(read('locked'), 1);
    assert.equal(read('holds'), 3);
    assert.equal(read('fallbacks_total'), 2);
    assert.equal(read('service_restarts_total', { edge: 'fallback' }), 2);
    assert.equal(read('service_restarts_total', { edge: 'kube-to-local' }), 0);
    assert.equal(read('problems'), 0);
    const view = { ...facts.view, problems: ['a'], policyProblems: ['b', 'c'] };
    assert.equal(scrape({ ...facts, view })('problems'), 3);
    assert.equal(read('label_pending'), 0);
    assert.equal(scrape({ ...facts, isLabelPending: true })('label_pending'), 1);
    assert.equal(scrape(facts)('holds'), undefined, 'not known while the databases are away');
    assert.equal(scrape(facts, { holds: new Map() })('holds'), 0);
  });

  test('hold nothing that has no bound: no text, no id, a version only in an _info, and not at any length', () => {
    const version = `2"\\\n\u202e{}${'v'.repeat(10_000)}`;
    const rows = { [BEAT_ROW]: { version, reason: 'a secret reason', status: 'unhealthy' } };
    const facts = factsOf(inputOf({ rows, lockText: 'a lock text' }));
    const families = describeFeatures({
      facts: [facts],
      counts: new Map(),
      holds: undefined,
      imageIds: undefined,
      now: AT,
    });
    const text = renderExposition(families);
    const found = parseExposition(text);
    assert.equal(found.get('ctrkit_feature_running_info')?.samples[0]?.labels['version']?.length, 128);
    assert.doesNotMatch(text, /a secret reason|a lock text|aaaaaaaaaaaa|sha256|token-a/);
    for (const [name, { samples }] of found)
      for (const { labels } of samples)
        assert.ok(name.endsWith('_info') || !('version' in labels), `${name} has a label version`);
  });
});
