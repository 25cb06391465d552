import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderMetrics } from '../../../../../src/container/adapters/http/metrics.ts';
import type { HealthReport } from '../../../../../src/contract/health/health-report.ts';
import { parseExposition, type Sample } from '../../../../support/exposition.ts';
import { reportOf } from './report.ts';

function scrape(changes?: Partial<HealthReport>) {
  const families = parseExposition(renderMetrics(reportOf(changes)).body);
  const samples = (name: string): readonly Sample[] => families.get(name)?.samples ?? assert.fail(name);
  return { families, samples };
}

describe('the metrics', () => {
  test('are the text format that every Prometheus reads', () => {
    const { contentType } = renderMetrics(reportOf());
    assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  });

  test('bear names as Prometheus wants them: a prefix, the unit last, _total on counters and on nothing else', () => {
    const { families } = scrape();
    for (const [name, { type, help }] of families) {
      assert.match(name, /^ctrkit_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /_(ms|milliseconds|minutes)$/);
      assert.match(help, /\.$/, name);
    }
  });

  test('tell what runs as labels of a constant', () => {
    const { samples } = scrape();
    const labels = { feature: 'snmp', version: '1.2.3', owner: 'kube' };
    assert.deepEqual(samples('ctrkit_container_info'), [{ name: 'ctrkit_container_info', labels, value: 1 }]);
  });

  test('have one status at 1 and all others at 0', () => {
    for (const status of ['starting', 'healthy', 'degraded', 'unhealthy', 'stopping'] as const) {
      const found = scrape({ status }).samples('ctrkit_container_status');
      assert.equal(found.length, 5);
      for (const { labels, value } of found) assert.equal(value, Number(labels['status'] === status));
    }
  });

  test('tell each probe’s answer, and its code', () => {
    const { samples } = scrape({ answers: { startup: 0, readiness: 10, liveness: 0 } });
    const valueOf = (name: string, probe: string) =>
      samples(name).find(({ labels }) => labels['probe'] === probe)?.value;
    assert.equal(samples('ctrkit_probe_success').length, 3);
    assert.equal(valueOf('ctrkit_probe_success', 'startup'), 1);
    assert.equal(valueOf('ctrkit_probe_success', 'readiness'), 0);
    assert.equal(valueOf('ctrkit_probe_exit_code', 'readiness'), 10);
    assert.equal(valueOf('ctrkit_probe_exit_code', 'liveness'), 0);
  });

  test('have one result of each check at 1, and for how long, in seconds', () => {
    const { samples } = scrape({
      checks: [
        { name: 'start', kind: 'required', result: 'failing', sinceMs: 98_500, message: 'exit 3' },
        { name: 'memory', kind: 'wanted', result: 'unknown', sinceMs: 40_000, message: '' },
      ],
    });
    const ones = samples('ctrkit_check_result').filter(({ value }) => value === 1);
    assert.equal(samples('ctrkit_check_result').length, 6);
    assert.deepEqual(
      ones.map(({ labels }) => labels),
      [
        { check: 'start', kind: 'required', result: 'failing' },
        { check: 'memory', kind: 'wanted', result: 'unknown' },
      ],
    );
    assert.deepEqual(
      samples('ctrkit_check_result_age_seconds').map(({ value }) => value),
      [1.5, 60],
    );
  });

  test('count restarts and tell durations in seconds of the boot clock', () => {
    const { samples } = scrape({ restarts: 7 });
    assert.equal(samples('ctrkit_process_restarts_total')[0]?.value, 7);
    assert.equal(samples('ctrkit_container_running_seconds')[0]?.value, 20);
    assert.equal(samples('ctrkit_container_healthy_seconds')[0]?.value, 9.75);
  });

  test('are whole before the gate was passed, with nothing to check', () => {
    const { families, samples } = scrape({
      feature: '',
      version: '',
      owner: '',
      status: 'starting',
      checks: [],
      startedMs: undefined,
      healthySinceMs: undefined,
    });
    assert.equal(samples('ctrkit_container_running_seconds')[0]?.value, 0);
    assert.equal(samples('ctrkit_container_healthy_seconds')[0]?.value, 0);
    assert.ok(![...families.keys()].some((name) => name.startsWith('ctrkit_check_')));
  });

  test('keep names apart and whole that hold quotes, backslashes, line ends, commas and braces', () => {
    const names = ['a"b', 'a\\"b', 'a\nb', 'a\\nb', 'x",kind="wanted', 'x} 1', 'ü🙂', 'x,kind:wanted', '\\'];
    const checks = names.map((name) => ({
      name,
      kind: 'required' as const,
      result: 'ok' as const,
      sinceMs: 0,
      message: '"\n# TYPE evil counter\nevil 1',
    }));
    const { families, samples } = scrape({ checks, version: '1"\\\n2' });
    assert.deepEqual(
      samples('ctrkit_check_result_age_seconds').map(({ labels }) => labels['check']),
      names,
    );
    assert.equal(samples('ctrkit_container_info')[0]?.labels['version'], '1"\\\n2');
    assert.ok(!families.has('evil'));
  });

  test('hold nothing of a check that went away, nor any message', () => {
    scrape();
    const { body } = renderMetrics(
      reportOf({
        reason: 'a secret reason',
        checks: [{ name: 'start', kind: 'required', result: 'failing', sinceMs: 0, message: 'a message' }],
      }),
    );
    assert.doesNotMatch(body, /memory|a message|a secret reason/);
  });
});
