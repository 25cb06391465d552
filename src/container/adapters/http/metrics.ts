import type { CheckKind, CheckResult } from '../../../contract/health/check.ts';
import type { HealthReport } from '../../../contract/health/health-report.ts';
import type { HealthStatus } from '../../../contract/health/health-report.ts';
import type { ProbeName } from '../../../contract/health/health-line.ts';
import {
  encodeLabel,
  EXPOSITION_TYPE,
  renderExposition,
  type MetricFamily,
  type Sample,
} from '../../../text/exposition.ts';

// Records, so that the compiler finds a state that the contract gains and this list lacks.
const STATUSES: Readonly<Record<HealthStatus, true>> = {
  starting: true,
  healthy: true,
  degraded: true,
  unhealthy: true,
  stopping: true,
};
const RESULTS: Readonly<Record<CheckResult, true>> = { ok: true, failing: true, unknown: true };

type Labels = Readonly<Record<string, string>>;
type Point = readonly [value: number, labels?: Labels];

/** Renders the report as Prometheus' text exposition. Messages and reasons are no labels: each new text would be a new time series. */
export function renderMetrics(report: HealthReport): { readonly contentType: string; readonly body: string } {
  const families: MetricFamily[] = [];
  const gauge: AddGauge = (name, help, points) =>
    families.push({ metric: { name, type: 'gauge', help, labels: [] }, samples: points.map(encodePoint) });
  addContainer(report, gauge);
  families.push({
    metric: {
      name: 'ctrkit_process_restarts_total',
      type: 'counter',
      help: 'Unexpected exits of critical processes since this start of the container.',
      labels: [],
    },
    samples: [{ labels: '', value: report.restarts }],
  });
  addProbes(report, gauge);
  addChecks(report, gauge);
  return { contentType: EXPOSITION_TYPE, body: renderExposition(families) };
}

const encodePoint = ([value, labels = {}]: Point): Sample => ({
  labels: Object.entries(labels)
    .map(([name, text]) => encodeLabel(name, text))
    .join(','),
  value,
});

type AddGauge = (name: string, help: string, points: readonly Point[]) => void;

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
      Object.keys(RESULTS).map((each): Point => [
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
