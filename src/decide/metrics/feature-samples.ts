/** The metrics of the features of one switch (docs/metrics.md), from what the daemon decided last. */
import { isDisabled, hasRecordedHolder, isOwner } from '../../contract/feature/feature.ts';
import { isOverdue } from '../../contract/health/heartbeat.ts';
import {
  CERTIFICATION_STATES,
  FAILURE_CAUSES,
  FALLBACK_STATES,
  FEATURE_METRIC,
  HEALTH_STATES,
  OWNER_STATES,
  REMOTE_STATES,
  type HealthState,
} from '../../contract/metrics/feature-metrics.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { encodeLabel, type Metric, type MetricFamily, type Sample } from '../../text/exposition.ts';
import { toPlainLine } from '../../text/printable.ts';
import { findStandingRung, listRungs, type LadderFacts, type Rung } from '../images/ladder.ts';
import { NO_FEATURE_COUNTS, RESTART_EDGES, type FeatureCounts } from './counts.ts';
import type { FeatureFacts } from './feature-facts.ts';

/** Longest version in a label, characters: versions come from images. */
const MAX_VERSION = 128;

export interface FeatureSamplesInput {
  /** One for each feature. */
  readonly facts: readonly FeatureFacts[];
  readonly counts: ReadonlyMap<string, FeatureCounts>;
  /** Held containers by feature; undefined while they are not known. */
  readonly holds: ReadonlyMap<string, number> | undefined;
  /** The ids of the engine's images; undefined while it does not say. */
  readonly imageIds: LadderFacts['imageIds'];
  readonly now: BootTime;
}

interface Subject {
  readonly facts: FeatureFacts;
  readonly counts: FeatureCounts;
  readonly holds: number | undefined;
  readonly rungs: readonly Rung[];
  readonly now: BootTime;
  /** The label `feature`. */
  readonly label: string;
}

/** Adds a sample of one feature; `labels` are those after `feature`, each behind a comma. */
type AddSample = (value: number, labels?: string) => void;
type Describe = (subject: Subject, add: AddSample) => void;

/**
 * The families of all features. Loops and no lists of lists: where V8 compiles nothing, as in the daemon, that is a third of the
 * time for the 3,500 samples of a switch.
 */
export function describeFeatures(input: FeatureSamplesInput): MetricFamily[] {
  const subjects = createSubjects(input);
  return DESCRIPTIONS.map(([metric, describe]) => {
    const samples: Sample[] = [];
    for (const subject of subjects)
      describe(subject, (value, labels = '') => samples.push({ labels: subject.label + labels, value }));
    return { metric, samples };
  });
}

const createSubjects = ({ facts, counts, holds, imageIds, now }: FeatureSamplesInput): Subject[] =>
  facts.map((one) => ({
    facts: one,
    counts: counts.get(one.feature) ?? NO_FEATURE_COUNTS,
    holds: holds && (holds.get(one.feature) ?? 0),
    rungs: listRungs(one.ledger, { imageIds, blockedVersions: one.blockedVersions }),
    now,
    label: encodeLabel('feature', one.feature),
  }));

/** One sample without a label of its own. */
const valueOf =
  (find: (subject: Subject) => number): Describe =>
  (subject, add) =>
    add(find(subject));

/** A sample for each state, 1 for the one that is found. A text that is none of them gives 0 for all. */
function stateOf(
  name: string,
  states: readonly string[],
  find: (subject: Subject) => string | undefined,
): Describe {
  const labels = states.map((state) => ({ state, label: `,${encodeLabel(name, state)}` }));
  return (subject, add) => {
    const current = find(subject);
    for (const { state, label } of labels) add(state === current ? 1 : 0, label);
  };
}

/** A sample for each rung of the ladder. */
const rungOf =
  (isSo: (rung: Rung) => boolean): Describe =>
  ({ rungs }, add) => {
    for (const rung of rungs) add(Number(isSo(rung)), `,${encodeLabel('rung', rung.name)}`);
  };

const encodeVersion = (version: string): string =>
  `,${encodeLabel('version', toPlainLine(version, MAX_VERSION))}`;

function describeRunning({ facts: { view } }: Subject, add: AddSample): void {
  if (view.version !== '') add(1, encodeVersion(view.version));
}

function describeGolden({ rungs }: Subject, add: AddSample): void {
  const image = findStandingRung(rungs)?.image;
  if (image !== undefined) add(1, `${encodeVersion(image.version)},${encodeLabel('source', image.source)}`);
}

function describeRestarts({ counts: { restarts } }: Subject, add: AddSample): void {
  for (const edge of RESTART_EDGES) add(restarts.get(edge) ?? 0, `,${encodeLabel('edge', edge)}`);
}

function describeHolds({ holds }: Subject, add: AddSample): void {
  if (holds !== undefined) add(holds);
}

const METRIC = FEATURE_METRIC;
const DESCRIPTIONS: readonly (readonly [Metric, Describe])[] = [
  [METRIC.enabled, valueOf(({ facts }) => Number(!isDisabled(facts.config)))],
  [METRIC.wantedOwner, stateOf('owner', ['local', 'kube'], ({ facts }) => facts.config.setOwner)],
  [METRIC.owner, stateOf('owner', OWNER_STATES, ({ facts }) => findOwner(facts))],
  [METRIC.remoteState, stateOf('state', REMOTE_STATES, ({ facts }) => facts.status.remoteState || 'none')],
  [METRIC.health, stateOf('status', HEALTH_STATES, ({ facts, now }) => findHealth(facts, now))],
  [METRIC.running, describeRunning],
  [METRIC.golden, describeGolden],
  [METRIC.rungPresent, rungOf(({ isThere }) => isThere)],
  [METRIC.rungStanding, rungOf(({ isThere, hasFailed }) => isThere && !hasFailed)],
  [
    METRIC.certification,
    stateOf('state', CERTIFICATION_STATES, ({ facts }) => facts.view.certification.kind),
  ],
  [METRIC.earned, valueOf(({ facts }) => countEarnedMs(facts) / 1_000)],
  [METRIC.needed, valueOf(({ facts }) => facts.neededMs / 1_000)],
  [METRIC.fallback, stateOf('state', FALLBACK_STATES, ({ facts }) => facts.view.fallback.kind)],
  [METRIC.failing, stateOf('cause', FAILURE_CAUSES, ({ facts }) => findCause(facts))],
  [METRIC.failingTime, valueOf(({ facts, now }) => countFailingMs(facts, now) / 1_000)],
  [METRIC.failingLimit, valueOf(({ facts }) => findLimitMs(facts) / 1_000)],
  [METRIC.fallbacks, valueOf(({ counts }) => counts.fallbacks)],
  [METRIC.openFallbacks, valueOf(({ facts }) => facts.ledger.fallbacks.length)],
  [METRIC.restarts, describeRestarts],
  [METRIC.locked, valueOf(({ facts }) => Number(facts.isLocked))],
  [METRIC.blockedVersions, valueOf(({ facts }) => facts.blockedVersionCount)],
  [METRIC.holds, describeHolds],
  [METRIC.problems, valueOf(({ facts }) => countProblems(facts))],
  [METRIC.labelPending, valueOf(({ facts }) => Number(facts.isLabelPending))],
];

const countProblems = ({ view: { problems = [], policyProblems = [] } }: FeatureFacts): number =>
  problems.length + policyProblems.length;

const findOwner = ({ status: { currentOwner } }: FeatureFacts): string =>
  isOwner(currentOwner) ? currentOwner : 'none';

/** By the heartbeat of the container on record, as of now: one that stops is no change of any row. */
function findHealth({ status, beat }: FeatureFacts, now: BootTime): HealthState {
  const isOfHolder =
    hasRecordedHolder(status) && status.claimToken !== '' && beat.token === status.claimToken;
  const { beatMs, intervalMs } = beat;
  if (!isOfHolder || beat.bootId !== now.bootId || beatMs === undefined) return 'unknown';
  return isOverdue({ beatMs, intervalMs }, now) ? 'silent' : (beat.status ?? 'unknown');
}

/** Up to the last heartbeat, as the verdict counts. */
function countEarnedMs({ view: { certification }, beat, neededMs }: FeatureFacts): number {
  switch (certification.kind) {
    case 'counting':
      return Math.min(Math.max((beat.beatMs ?? 0) - certification.fromMs, 0), neededMs);
    case 'certified':
      return certification.healthyMs;
    case 'off':
    case 'golden':
    case 'own-rung':
    case 'not-counting':
      return 0;
  }
}

const findCause = ({ view: { fallback } }: FeatureFacts): string | undefined =>
  'cause' in fallback ? fallback.cause : undefined;

function findLimitMs(facts: FeatureFacts): number {
  const { fallback } = facts.view;
  if (fallback.kind === 'failing') return fallback.limitMs;
  return findCause(facts) === 'not-deployed' ? facts.notDeployedLimitMs : facts.failingLimitMs;
}

/** What would fall back, but may not, has reached the limit. */
function countFailingMs(facts: FeatureFacts, now: BootTime): number {
  const { fallback } = facts.view;
  switch (fallback.kind) {
    case 'failing': {
      const { failingMs, asOfMs, isRising, limitMs } = fallback;
      return Math.min(failingMs + (isRising ? Math.max(now.bootMs - asOfMs, 0) : 0), limitMs);
    }
    case 'refused':
    case 'fall-back':
      return findLimitMs(facts);
    case 'off':
    case 'well':
    case 'unknown':
      return 0;
  }
}
