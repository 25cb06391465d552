import type { HealthReport } from '../../../../../src/contract/health/health-report.ts';

/** A report of a container that is well, and what is different. */
export const reportOf = (changes: Partial<HealthReport> = {}): HealthReport => ({
  feature: 'snmp',
  version: '1.2.3',
  owner: 'kube',
  status: 'healthy',
  reason: '',
  answers: { startup: 0, readiness: 0, liveness: 0 },
  checks: [
    { name: 'start', kind: 'required', result: 'ok', sinceMs: 90_000, message: '' },
    { name: 'memory', kind: 'wanted', result: 'ok', sinceMs: 99_500, message: '' },
  ],
  restarts: 0,
  nowMs: 100_000,
  startedMs: 80_000,
  healthySinceMs: 90_250,
  ...changes,
});
