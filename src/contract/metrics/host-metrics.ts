/** The metrics of ctrkitd that are about the switch and the daemon (docs/metrics.md). The rules of feature-metrics.ts apply. */
import type { Metric } from '../../text/exposition.ts';

const metricOf = (type: Metric['type'], name: string, help: string, ...labels: string[]): Metric => ({
  name: `ctrkit_host_${name}`,
  type,
  help,
  labels,
});

/** What ctrkitd writes on the disk by itself. */
export const WRITTEN_FILES = ['ledger', 'memory', 'view'] as const;
export type WrittenFile = (typeof WRITTEN_FILES)[number];

export const HOST_METRIC = {
  build: metricOf(
    'gauge',
    'build_info',
    'Release of ctrkit and of its Node.js, always 1.',
    'version',
    'node',
  ),
  start: metricOf('gauge', 'start_time_seconds', 'When ctrkitd started, seconds since the epoch.'),
  shadow: metricOf(
    'gauge',
    'shadow',
    '1 for ctrkitd --shadow, whose steps and fallbacks are not carried out.',
  ),
  engine: metricOf('gauge', 'engine_up', '1 while the Docker engine answers.'),
  databases: metricOf('gauge', 'databases_up', '1 while CONFIG_DB and STATE_DB answer.'),
  joined: metricOf('gauge', 'cluster_joined', '1 while KUBERNETES_MASTER says that the switch is connected.'),
  reachable: metricOf(
    'gauge',
    'cluster_reachable',
    '1 while KUBERNETES_MASTER says that the API server answers.',
  ),
  problems: metricOf('gauge', 'problems', "What ctrkitd can't do at present, as ctrkit status lists it."),
  features: metricOf('gauge', 'features', 'Features that ctrkitd has judged.'),
  reconciles: metricOf('counter', 'reconciles_total', 'Decisions on one feature since the start of ctrkitd.'),
  steps: metricOf('counter', 'steps_total', 'Steps that ctrkitd began, by kind.', 'kind'),
  stepFailures: metricOf('counter', 'step_failures_total', 'Steps that failed, and are tried again.', 'kind'),
  calls: metricOf('summary', 'engine_call_seconds', 'Time that calls of the engine took.', 'call'),
  callFailures: metricOf('counter', 'engine_call_failures_total', 'Calls of the engine that failed.', 'call'),
  writeFailures: metricOf('counter', 'write_failures_total', 'Files that could not be written.', 'file'),
} as const satisfies Readonly<Record<string, Metric>>;
