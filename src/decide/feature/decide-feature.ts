/**
 * One look at one feature: what was read, what the engine has and what is remembered go in; what to remember, what to do
 * and what to tell people come out. Every part has a module of its own; here they are put together.
 */
import type { FeatureView, SwitchView } from '../../contract/feature/daemon-view.ts';
import { RUNNING_STATES, type EngineContainer } from '../../contract/images/engine.ts';
import { decideCertification, type Certification } from '../images/certification.ts';
import { decideFallback, type FallbackDecision } from './fallback.ts';
import {
  ignoreStaleReboot,
  findEndedHolder,
  classifyEnd,
  trackHolder,
  trackRecord,
  type FeatureMemory,
} from './feature-memory.ts';
import type { FeatureReading } from './feature-reading.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import { findLocalImage } from '../images/local-image.ts';
import type { HostStep } from './host-step.ts';
import { planFallbackSteps, planImageSteps } from './plan-steps.ts';
import { decideReap, selectHolderName, type ReapDecision } from './reap.ts';
import type { FeatureInput } from './feature-input.ts';
import { decideFeatureCondition, type FeatureConditionInput } from './feature-condition.ts';
import { decideEnabledLabel, decideRetry, decideSwitchOver, type SwitchOverDecision } from './switch-over.ts';

export interface FeatureDecision {
  readonly memory: FeatureMemory;
  readonly steps: readonly HostStep[];
  readonly view: Pick<FeatureView, 'imageId' | 'version' | 'certification' | 'fallback' | 'switchOver'>;
  /** Boot clock: when time alone may change something. */
  readonly requeueAtMs: number | undefined;
}

/** What the parts say. */
interface PartialDecisions {
  readonly certification: Certification;
  readonly fallback: FallbackDecision;
  readonly reap: ReapDecision;
  readonly switchOver: SwitchOverDecision;
  /** What the node's label is to say now; undefined where it is right, or not ours to write. */
  readonly label: 'true' | 'false' | undefined;
  /** Boot clock; undefined where nothing is to be restarted. */
  readonly restartAtMs: number | undefined;
}

export function decideFeature(before: FeatureMemory, asRead: FeatureInput): FeatureDecision {
  const { now } = asRead;
  const rebootSinceMs = asRead.reading.isRebooting ? (before.rebootSinceMs ?? now.bootMs) : undefined;
  const reading = ignoreStaleReboot(asRead.reading, rebootSinceMs, now.bootMs);
  const situation = { ...asRead, reading };
  const container = findRecordedContainer(situation);
  const memory = { ...remember(before, situation, container), rebootSinceMs };
  const verdicts = judge(memory, situation, { container, before: before.before });
  const { certification, fallback, restartAtMs, reap } = verdicts;
  const looks = [
    fallback.requeueAtMs,
    reap.kind === 'keep' ? reap.requeueAtMs : undefined,
    restartAtMs !== undefined && restartAtMs > now.bootMs ? restartAtMs : undefined,
  ].filter((ms) => ms !== undefined);
  const isRunning = container !== undefined && RUNNING_STATES.has(container.state);
  return {
    memory: {
      ...memory,
      evidence: certification.evidence,
      failing: fallback.failing,
    },
    steps: planSteps(situation, { memory, verdicts, container }),
    view: {
      imageId: isRunning ? container.imageId : '',
      version: isRunning ? reading.beat.version || reading.status.containerVersion : '',
      certification: certification.verdict,
      fallback: fallback.verdict,
      switchOver: describeSwitch(verdicts),
    },
    requeueAtMs: looks.length === 0 ? undefined : Math.min(...looks),
  };
}

const describeSwitch = ({ switchOver: { kind, text }, restartAtMs }: PartialDecisions): SwitchView => ({
  kind,
  text,
  ...(restartAtMs === undefined ? {} : { restartAtMs }),
});

/** The recorded container as the engine shows it, by id or, where only that is on record, by name. */
function findRecordedContainer({ feature, reading, engine }: FeatureInput): EngineContainer | undefined {
  const name = selectHolderName(feature, reading.status);
  if (name === undefined) return undefined;
  return engine.containers.find((one) => hasIdOrName(one, name));
}

/** By its id, whole or as STATE_DB has it, or by its name: `bed` is a feature's name as well. */
const hasIdOrName = ({ id, names }: Pick<EngineContainer, 'id' | 'names'>, name: string): boolean =>
  /^(?:[0-9a-f]{12}|[0-9a-f]{64})$/.test(name) ? id.startsWith(name) : names.includes(name);

function remember(
  before: FeatureMemory,
  { reading, ends, now }: FeatureInput,
  container: EngineContainer | undefined,
): FeatureMemory {
  const holder = trackHolder(before.holder, reading, container?.imageId);
  const end = holder && ends.findLast(({ containerId }) => containerId.startsWith(holder.dockerId));
  const ended = end && findEndedHolder(before.holder, holder, { end, reading });
  const { setOwner } = reading.config;
  return {
    ...before,
    holder,
    lastEnd: end === undefined || ended === undefined ? before.lastEnd : classifyEnd(end, ended, reading),
    record: trackRecord(before.record, reading, now.bootMs),
    before: {
      // `config reload` empties the table for a moment: that is no change of owner.
      setOwner: reading.config.state === '' ? (before.before?.setOwner ?? setOwner) : setOwner,
      remoteState: reading.status.remoteState,
    },
    isLabelDue: isLabelDue(before, reading),
  };
}

/**
 * From a change of the owner, one before the daemon's first look too, until the label says so: only then, what an operator
 * sets by hand stays.
 */
function isLabelDue(
  { before, isLabelDue: wasDue }: FeatureMemory,
  { config, enabledLabel, labelOwner }: FeatureReading,
): boolean {
  const ownerBefore = before?.setOwner ?? (labelOwner || config.setOwner);
  const isChanged = config.state !== '' && ownerBefore !== config.setOwner;
  // None lets nothing in.
  return (wasDue || isChanged) && (enabledLabel || 'false') !== String(config.setOwner === 'kube');
}

/** Who asks to take over announced itself by its version. */
const isAskerBlocked = ({ ledger, reading }: FeatureInput): boolean =>
  ledger.fallbacks.some(
    ({ version }) => version === reading.status.containerVersion && reading.blocks[version] !== 'true',
  );

function judge(
  memory: FeatureMemory,
  situation: FeatureInput,
  {
    container,
    before,
  }: { readonly container: EngineContainer | undefined; readonly before: FeatureMemory['before'] },
): PartialDecisions {
  const { feature, reading, ledger, engine, lockText, now } = situation;
  const isRunning = container !== undefined && RUNNING_STATES.has(container.state);
  const snapshot: FeatureConditionInput = {
    ...reading,
    feature,
    now,
    container: container && { imageId: container.imageId, isRunning, isPaused: container.state === 'paused' },
    isEngineAway: engine.isAway,
    lastEnd: memory.lastEnd,
    unit: situation.unit,
  };
  const switchOver = decideSwitchOver(
    { ...snapshot, before, isAskerBlocked: isAskerBlocked(situation) },
    lockText,
  );
  return {
    certification: decideCertification(memory.evidence, {
      ...reading,
      imageId: isRunning && !engine.isAway ? container.imageId : undefined,
      goldenImageId: ledger.golden?.imageId,
      isFallen: container !== undefined && findOpenFallback(ledger, container.imageId) !== undefined,
      now,
    }),
    fallback: decideFallback({
      ...situation,
      standing: decideFeatureCondition(snapshot),
      before: memory.failing,
      policy: reading.policy,
      localImageId: findLocalImage(engine.images, situation.localRepository)?.id,
      lastFallbackMs: memory.lastFallbackMs,
    }),
    reap: decideRecordReap(memory, situation, container),
    switchOver,
    label: memory.isLabelDue ? findLabel(snapshot, situation) : undefined,
    restartAtMs: switchOver.kind === 'restart' ? findRestartMs(memory, switchOver, now.bootMs) : undefined,
  };
}

function decideRecordReap(
  { record, lastEnd }: FeatureMemory,
  { feature, reading, engine, ends, now }: FeatureInput,
  container: EngineContainer | undefined,
): ReapDecision {
  const { status, statusValues, beat } = reading;
  const name = selectHolderName(feature, status);
  const endedAtMs = ends.findLast(
    ({ containerId: id }) =>
      id === container?.id || (name !== undefined && hasIdOrName({ id, names: [] }, name)),
  )?.atMs;
  const endedBefore = lastEnd !== undefined && lastEnd.token !== '' && lastEnd.token === status.claimToken;
  return decideReap({
    feature,
    statusValues,
    beat,
    now,
    engineState: engine.isAway ? undefined : (container?.state ?? 'missing'),
    sameSinceMs: record?.sinceMs ?? now.bootMs,
    endedAtMs: endedAtMs ?? (endedBefore ? lastEnd.atMs : undefined),
  });
}

function findLabel(
  snapshot: FeatureConditionInput,
  { reading, lockText }: FeatureInput,
): 'true' | 'false' | undefined {
  const wanted = decideEnabledLabel({ ...snapshot, before: undefined }, lockText);
  return wanted === reading.enabledLabel ? undefined : wanted;
}

function findRestartMs(
  { restarts }: FeatureMemory,
  found: Extract<SwitchOverDecision, { kind: 'restart' }>,
  nowMs: number,
): number {
  const retry = decideRetry(restarts, found.edge, nowMs);
  return retry.kind === 'now' ? nowMs : retry.untilMs;
}

interface Judged {
  readonly memory: FeatureMemory;
  readonly verdicts: PartialDecisions;
  readonly container: EngineContainer | undefined;
}

function planSteps(situation: FeatureInput, { memory, verdicts, container }: Judged): HostStep[] {
  const { certification, fallback, reap, switchOver, restartAtMs } = verdicts;
  const { holder } = memory;
  const isImages = fallback.verdict.kind === 'fall-back' && fallback.verdict.cause !== 'not-deployed';
  const blamed = isImages && holder?.imageId === fallback.failing.subject ? holder : undefined;
  const fallbackSteps = planFallbackSteps(situation, { verdict: fallback.verdict, blamed, container });
  const isFallingBack = fallbackSteps.some(({ kind }) => kind === 'fall-back' || kind === 'finish-fallback');
  const isRestart = switchOver.kind === 'restart' && !isFallingBack && restartAtMs === situation.now.bootMs;
  return [
    ...(reap.kind === 'release'
      ? [{ kind: 'release', record: reap.record, claim: reap.claim, text: reap.text } as const]
      : []),
    ...(situation.engine.isAway
      ? []
      : planImageSteps(situation, { container, certification: certification.verdict })),
    ...fallbackSteps,
    ...(verdicts.label === undefined ? [] : [{ kind: 'label', value: verdicts.label } as const]),
    ...(isRestart
      ? [{ kind: 'restart', edge: switchOver.edge, key: switchOver.key, text: switchOver.text } as const]
      : []),
  ];
}
