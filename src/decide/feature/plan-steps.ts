/** Turns the decisions on a feature into steps. Each step is something that the ledger or the rows still lack. */
import type { Certification } from '../images/certification.ts';
import { planPins } from '../images/pins.ts';
import type { FallbackDecision } from './fallback.ts';
import type { HostStep } from './host-step.ts';
import type { Observation } from './observe-feature.ts';
import { planFallbackSteps } from './plan-fallback-steps.ts';
import { findFeatureTarget } from './feature-target.ts';
import { planImageSteps } from './plan-image-steps.ts';
import type { ReapDecision } from './reap.ts';
import type { SwitchOverDecision } from './switch-over.ts';

export interface Decisions {
  readonly certification: Certification;
  readonly fallback: FallbackDecision;
  readonly reap: ReapDecision;
  readonly switchOver: SwitchOverDecision;
  /** Boot clock: when the service may be restarted; undefined where it need not be. */
  readonly restartAtMs: number | undefined;
  /** What to write into the node's label; undefined where nothing is. */
  readonly enabledLabel: 'true' | 'false' | undefined;
}

/** The order of the steps: what is quick and disturbs nothing comes first, a restart last; a fallback excludes a restart. */
export function planSteps(observation: Observation, decisions: Decisions): HostStep[] {
  const { reap, switchOver, restartAtMs, enabledLabel } = decisions;
  const { engine, now } = observation.input;
  const steps: HostStep[] = [];
  if (reap.kind === 'release')
    steps.push({ kind: 'release', record: reap.record, claim: reap.claim, text: reap.text });
  if (!engine.isAway) {
    const pinSteps = planFeaturePins(observation);
    const isUnpinning = pinSteps.some(({ kind }) => kind === 'unpin-image');
    const imageSteps = planFeatureImages(observation, decisions);
    // A pin that is to go would keep its image from being cleaned up.
    steps.push(...imageSteps.filter(({ kind }) => kind !== 'clean-up' || !isUnpinning), ...pinSteps);
  }
  const fallbackSteps = planFeatureFallback(observation, decisions);
  steps.push(...fallbackSteps);
  if (enabledLabel !== undefined) steps.push({ kind: 'write-label', value: enabledLabel });
  const isFallingBack = fallbackSteps.some(({ kind }) => kind === 'fall-back' || kind === 'finish-fallback');
  if (switchOver.kind === 'restart' && !isFallingBack && restartAtMs === now.bootMs) {
    const { edge, key, text } = switchOver;
    steps.push({ kind: 'restart', edge, key, text });
  }
  return steps;
}

function planFeatureImages(observation: Observation, { certification }: Decisions): HostStep[] {
  const { input, container, rungs } = observation;
  const { feature, reading, ledger, engine, localRepository, ownedElsewhere, lockText, now } = input;
  return planImageSteps({
    feature,
    reading,
    ledger,
    rungs,
    target: findFeatureTarget(observation),
    containers: engine.containers,
    images: engine.images,
    localRepository,
    ownedElsewhere,
    lockText,
    now,
    container,
    certification: certification.verdict,
  });
}

function planFeaturePins({ input, rungs }: Observation): HostStep[] {
  const { feature, reading, ledger, engine } = input;
  return planPins({
    feature,
    policy: reading.policy,
    ledger,
    rungs,
    containers: engine.containers,
    images: engine.images,
    pins: engine.pins,
  });
}

function planFeatureFallback(
  observation: Observation,
  { fallback: { verdict, bucket } }: Decisions,
): HostStep[] {
  const { input, memory, container } = observation;
  const { feature, reading, ledger, engine, lockText, now } = input;
  const { holder } = memory;
  const isOfImage = verdict.kind === 'fall-back' && verdict.cause !== 'not-deployed';
  return planFallbackSteps({
    feature,
    reading,
    ledger,
    blockedVersions: input.blockedVersions,
    isEngineAway: engine.isAway,
    lockText,
    now,
    container,
    verdict,
    blamed: isOfImage && holder?.imageId === bucket.imageId ? holder : undefined,
    target: findFeatureTarget(observation, isOfImage ? bucket.imageId : undefined),
  });
}
