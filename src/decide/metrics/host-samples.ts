/** The metrics of the switch and of its daemon (docs/metrics.md). */
import type { MasterStatus } from '../../contract/cluster/master-status.ts';
import { HOST_METRIC, WRITTEN_FILES } from '../../contract/metrics/host-metrics.ts';
import { encodeLabel, type Metric, type MetricFamily, type Sample } from '../../text/exposition.ts';
import { ENGINE_CALLS, STEP_KINDS, type HostCounts } from './counts.ts';

export interface HostFacts {
  /** Of ctrkit, and of Node.js. */
  readonly version: string;
  readonly nodeVersion: string;
  /** Wall clock, milliseconds. */
  readonly startedWallMs: number;
  readonly isShadow: boolean;
  readonly isEngineAway: boolean;
  readonly isDatabaseAway: boolean;
  readonly master: MasterStatus;
  readonly problemCount: number;
  readonly featureCount: number;
}

export function describeHost(facts: HostFacts, counts: HostCounts): MetricFamily[] {
  return [
    familyOf(HOST_METRIC.build, [[1, facts.version, facts.nodeVersion]]),
    familyOf(HOST_METRIC.start, [[facts.startedWallMs / 1_000]]),
    familyOf(HOST_METRIC.shadow, [[Number(facts.isShadow)]]),
    familyOf(HOST_METRIC.engine, [[Number(!facts.isEngineAway)]]),
    familyOf(HOST_METRIC.databases, [[Number(!facts.isDatabaseAway)]]),
    familyOf(HOST_METRIC.joined, listKnown(facts.master.isConnected)),
    familyOf(HOST_METRIC.reachable, listKnown(facts.master.isReachable)),
    familyOf(HOST_METRIC.problems, [[facts.problemCount]]),
    familyOf(HOST_METRIC.features, [[facts.featureCount]]),
    ...describeCounts(counts),
  ];
}

function describeCounts({
  reconciles,
  steps,
  stepFailures,
  calls,
  writeFailures,
}: HostCounts): MetricFamily[] {
  return [
    familyOf(HOST_METRIC.reconciles, [[reconciles]]),
    familyOf(
      HOST_METRIC.steps,
      STEP_KINDS.map((kind) => [steps.get(kind) ?? 0, kind]),
    ),
    familyOf(
      HOST_METRIC.stepFailures,
      STEP_KINDS.map((kind) => [stepFailures.get(kind) ?? 0, kind]),
    ),
    {
      metric: HOST_METRIC.calls,
      samples: ENGINE_CALLS.flatMap((call): Sample[] => {
        const { times = 0, seconds = 0 } = calls.get(call) ?? {};
        return [
          { labels: encodeLabel('call', call), value: seconds, suffix: '_sum' },
          { labels: encodeLabel('call', call), value: times, suffix: '_count' },
        ];
      }),
    },
    familyOf(
      HOST_METRIC.callFailures,
      ENGINE_CALLS.map((call) => [calls.get(call)?.failures ?? 0, call]),
    ),
    familyOf(
      HOST_METRIC.writeFailures,
      WRITTEN_FILES.map((file) => [writeFailures.get(file) ?? 0, file]),
    ),
  ];
}

const familyOf = (metric: Metric, points: readonly (readonly [number, ...string[]])[]): MetricFamily => ({
  metric,
  samples: points.map(([value, ...labels]) => ({
    labels: metric.labels.map((name, i) => encodeLabel(name, labels[i] ?? '')).join(','),
    value,
  })),
});

/** No sample while nobody has said: 0 would be an alert. */
const listKnown = (isSo: boolean | undefined): [number][] => (isSo === undefined ? [] : [[Number(isSo)]]);
