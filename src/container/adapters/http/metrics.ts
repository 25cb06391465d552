import { Counter, Gauge, Registry } from 'prom-client';
import type { CheckKind, CheckResult } from '../../../contract/health/check.ts';
import type { HealthReport } from '../../../contract/health/health-report.ts';
import type { HealthStatus } from '../../../contract/health/health-report.ts';
import type { ProbeName } from '../../../contract/health/health-line.ts';

// Records, so that the compiler finds a state that the contract gains and this list lacks.
const STATUSES: Readonly<Record<HealthStatus, true>> = {
  starting: true,
  healthy: true,
  degraded: true,
  unhealthy: true,
  stopping: true,
};
const RESULTS: Readonly<Record<CheckResult, true>> = { ok: true, failing: true, unknown: true };

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

/**
 * Renders the report as Prometheus' text exposition (format 0.0.4). Each scrape has a registry of its own, so that a check
 * that is gone leaves no metric. Messages and reasons are no labels: each new text would be a new time series.
 */
export async function renderMetrics(
  report: HealthReport,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const registry = new Registry();
  const gauge = (name: string, help: string, samples: readonly Sample[]): void => {
    const [first] = samples;
    // A gauge without samples would get one, 0.
    if (first === undefined) return;
    const labelNames = Object.keys(first[1] ?? {});
    const metric = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const [value, labels] of samples) metric.set({ ...labels }, value);
  };
  addContainer(report, gauge);
  new Counter({
    name: 'ctrkit_process_restarts_total',
    help: 'Unexpected exits of critical processes since this start of the container.',
    registers: [registry],
  }).inc(report.restarts);
  addProbes(report, gauge);
  addChecks(report, gauge);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

type AddGauge = (name: string, help: string, samples: readonly Sample[]) => void;

function addContainer(report: HealthReport, gauge: AddGauge): void {
  const { feature, version, owner, status, nowMs, startedMs, healthySinceMs } = report;
  gauge('ctrkit_container_info', 'What the container runs, and for whom; empty until its gate was passed.', [
    [1, { feature, version, owner }],
  ]);
  gauge(
    'ctrkit_container_status',
    'The container’s status: 1 for the one it has.',
    Object.keys(STATUSES).map((each) => [Number(each === status), { status: each }]),
  );
  // Durations, not the usual instants: nobody else can read the boot clock's, and a step of the wall clock moves its own.
  gauge('ctrkit_container_running_seconds', 'Since the gate let the application go; 0 before.', [
    [countSecondsSince(startedMs, nowMs)],
  ]);
  gauge('ctrkit_container_healthy_seconds', 'For how long healthy or degraded without a break; 0 if not.', [
    [countSecondsSince(healthySinceMs, nowMs)],
  ]);
}

function addProbes({ answers }: HealthReport, gauge: AddGauge): void {
  const probes = Object.entries(answers) as [ProbeName, number][];
  gauge(
    'ctrkit_probe_success',
    'Whether the probe’s answer is yes.',
    probes.map(([probe, code]) => [Number(code === 0), { probe }]),
  );
  gauge(
    'ctrkit_probe_exit_code',
    'The answer as health_probe gives it: 0 for yes.',
    probes.map(([probe, code]) => [code, { probe }]),
  );
}

function addChecks({ checks, nowMs }: HealthReport, gauge: AddGauge): void {
  const labelsOf = ({ name, kind }: { name: string; kind: CheckKind }) => ({ check: name, kind });
  gauge(
    'ctrkit_check_result',
    'The check’s result, after its thresholds: 1 for the one it has.',
    checks.flatMap((check) =>
      Object.keys(RESULTS).map((each): Sample => [
        Number(each === check.result),
        { ...labelsOf(check), result: each },
      ]),
    ),
  );
  gauge(
    'ctrkit_check_result_age_seconds',
    'For how long the check has had its result.',
    checks.map((check) => [countSecondsSince(check.sinceMs, nowMs), labelsOf(check)]),
  );
}

const countSecondsSince = (sinceMs: number | undefined, nowMs: number): number =>
  sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs) / 1000;
