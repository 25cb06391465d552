/**
 * One reconcile of one feature, as a pure function: the memory and what was read go in; the new memory, the steps to run
 * and the view for people come out. Each decision has a module of its own; this one gives each what it needs, in order:
 * condition, certification, fallback, reap, switch-over, label, steps.
 */
import { findEarliest } from '../../contract/timestamps.ts';
import { rebootOverAtMs } from '../../contract/feature/switch-rows.ts';
import { decodeEnabledValue } from '../../contract/cluster/feature-labels.ts';
import type { FeatureView, SwitchView } from '../../contract/feature/daemon-view.ts';
import { matchesIdOrName } from '../../contract/images/engine.ts';
import { decideCertification, type Certification } from '../images/certification.ts';
import { describeLadder } from '../images/ladder-view.ts';
import { decideRank } from '../images/image-rank.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import { decideFallback, type FallbackDecision } from './fallback.ts';
import { decideFeatureCondition } from './feature-condition.ts';
import { describeSharedRepository, findFeatureTarget } from './feature-target.ts';
import type { FeatureInput } from './feature-input.ts';
import type { FeatureMemory } from './feature-memory.ts';
import type { HostStep } from './host-step.ts';
import { observeFeature, toHolderContainer, type Observation } from './observe-feature.ts';
import { planSteps, type Decisions } from './plan-steps.ts';
import { decideReap, selectHolderName, type ReapDecision } from './reap.ts';
import { decideRestartAtMs } from './restart-history.ts';
import { decideEnabledLabel, decideSwitchOver, type SwitchOverDecision } from './switch-over.ts';

/** The part of the view that the decisions give. The last act is added when it was done. */
export type DecidedView = Omit<FeatureView, 'lastAct' | 'lastActTs'>;

export interface FeatureDecision {
  /** For the next reconcile. */
  readonly memory: FeatureMemory;
  readonly steps: readonly HostStep[];
  readonly view: DecidedView;
  /** Boot clock: when time alone may change the decision; undefined if it does not. */
  readonly requeueAtMs: number | undefined;
}

/** Total: no row and no answer of the engine makes it throw. */
export function decideFeature(last: FeatureMemory, input: FeatureInput): FeatureDecision {
  const observation = observeFeature(last, input);
  const { memory } = observation;
  const switchOver = decideFeatureSwitchOver(observation);
  const decisions: Decisions = {
    certification: decideFeatureCertification(observation),
    fallback: decideFeatureFallback(observation),
    reap: decideFeatureReap(observation),
    switchOver,
    restartAtMs:
      switchOver.kind === 'restart'
        ? decideRestartAtMs(memory.restarts, switchOver.edge, input.now.bootMs)
        : undefined,
    enabledLabel: decideLabelWrite(observation),
  };
  const { certification, fallback } = decisions;
  return {
    memory: { ...memory, heartbeatChain: certification.heartbeatChain, bucket: fallback.bucket },
    steps: planSteps(observation, decisions),
    view: describeFeature(observation, decisions),
    requeueAtMs: findRequeueAtMs(decisions, memory.rebootSinceMs, input.now.bootMs),
  };
}

function decideFeatureCertification(observation: Observation): Certification {
  const { input, memory, container, isRunning, rungs } = observation;
  const { reading, engine, ledger, now } = input;
  const { status, config } = reading;
  const imageId = container !== undefined && isRunning && !engine.isAway ? container.imageId : undefined;
  return decideCertification(memory.heartbeatChain, {
    beat: reading.beat,
    isEngineAway: engine.isAway,
    status,
    imageId,
    rank: decideRank({ imageId, currentOwner: status.currentOwner, setOwner: config.setOwner, rungs }),
    hasOpenFallback: container !== undefined && findOpenFallback(ledger, container.imageId) !== undefined,
    policy: reading.policy,
    now,
  });
}

function decideFeatureFallback(observation: Observation): FallbackDecision {
  const { input, memory } = observation;
  const { feature, reading, ledger, engine, lockText, now, unit, daemonStartedMs, timing } = input;
  const condition = decideFeatureCondition({
    feature,
    config: reading.config,
    status: reading.status,
    beat: reading.beat,
    now,
    container: toHolderContainer(observation),
    isEngineAway: engine.isAway,
    lastEnd: memory.lastEnd,
    isMasterConnected: reading.isMasterConnected,
    isAskerBlocked: isAskerBlocked(input),
    isRebooting: reading.isRebooting,
    unit,
  });
  return decideFallback({
    feature,
    condition,
    bucket: memory.bucket,
    now,
    policy: reading.policy,
    ledger,
    lockText,
    target: findFeatureTarget(observation, condition.imageId),
    daemonStartedMs,
    lastFallbackMs: memory.lastFallbackMs,
    timing,
  });
}

function decideFeatureReap({ input, memory: { record, lastEnd }, container }: Observation): ReapDecision {
  const { feature, reading, engine, ends, now } = input;
  const { status, statusValues, beat } = reading;
  const name = selectHolderName(feature, status);
  const end = ends.findLast(
    ({ containerId: id }) =>
      id === container?.id || (name !== undefined && matchesIdOrName({ id, names: [] }, name)),
  );
  const hasEndedBefore = lastEnd !== undefined && lastEnd.token !== '' && lastEnd.token === status.claimToken;
  return decideReap({
    feature,
    statusValues,
    beat,
    now,
    engineState: engine.isAway ? undefined : (container?.state ?? 'missing'),
    sameSinceMs: record?.sinceMs ?? now.bootMs,
    endedAtMs: end?.atMs ?? (hasEndedBefore ? lastEnd.atMs : undefined),
  });
}

function decideFeatureSwitchOver(observation: Observation): SwitchOverDecision {
  const { feature, reading, engine, unit, now, lockText } = observation.input;
  const { config, status } = reading;
  return decideSwitchOver({
    feature,
    config,
    status,
    beat: reading.beat,
    now,
    container: toHolderContainer(observation),
    isEngineAway: engine.isAway,
    isMasterConnected: reading.isMasterConnected,
    isRebooting: reading.isRebooting,
    unit,
    isAskerBlocked: isAskerBlocked(observation.input),
    lastObserved: observation.lastObserved,
    lockText,
  });
}

/** The version of the container that asked last has an open fallback or an operator's block, and nobody has lifted that. */
const isAskerBlocked = ({ ledger, blockedVersions, reading: { status, blocks } }: FeatureInput): boolean =>
  [...ledger.fallbacks.map(({ version }) => version), ...blockedVersions].some(
    (version) => version === status.containerVersion && decodeEnabledValue(blocks[version]) !== true,
  );

function decideLabelWrite({ input, memory }: Observation): 'true' | 'false' | undefined {
  if (!memory.isLabelDue) return undefined;
  const { feature, reading, engine, lockText } = input;
  const label = decideEnabledLabel({
    feature,
    config: reading.config,
    systemState: reading.status.systemState,
    isRebooting: reading.isRebooting,
    isEngineAway: engine.isAway,
    lockText,
  });
  return label === reading.enabledLabel ? undefined : label;
}

function describeFeature(
  { input, container, isRunning, rungs }: Observation,
  { certification, fallback, switchOver, restartAtMs }: Decisions,
): DecidedView {
  const { feature, reading, ledger, engine } = input;
  const { problems: policyProblems } = reading.policy;
  const ladder = describeLadder({ feature, policy: reading.policy, ledger, rungs, pins: engine.pins });
  const switchView: SwitchView = { kind: switchOver.kind, text: switchOver.text };
  return {
    imageId: container !== undefined && isRunning ? container.imageId : '',
    version: isRunning ? reading.beat.version || reading.status.containerVersion : '',
    certification: certification.verdict,
    fallback: fallback.verdict,
    switchOver: restartAtMs === undefined ? switchView : { ...switchView, restartAtMs },
    ...(policyProblems.length === 0 ? {} : { policyProblems }),
    ...ladder,
    problems: [...(ladder.problems ?? []), ...listProblems(input)],
  };
}

const listProblems = (input: FeatureInput): string[] => {
  const shared = describeSharedRepository(input);
  return shared === undefined ? [] : [shared];
};

/** `rebootSinceMs`: since when a reboot has been announced; nothing but time says that it is no longer to be expected. */
function findRequeueAtMs(
  { fallback, reap, restartAtMs }: Decisions,
  rebootSinceMs: number | undefined,
  nowMs: number,
): number | undefined {
  const rebootOverMs = rebootSinceMs === undefined ? undefined : rebootOverAtMs(rebootSinceMs);
  return findEarliest([
    fallback.requeueAtMs,
    reap.kind === 'keep' ? reap.requeueAtMs : undefined,
    restartAtMs !== undefined && restartAtMs > nowMs ? restartAtMs : undefined,
    rebootOverMs !== undefined && rebootOverMs > nowMs ? rebootOverMs : undefined,
  ]);
}
