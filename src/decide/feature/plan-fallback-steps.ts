/** The steps of a fallback that is due, of the fallbacks that are open in the ledger, and of operators' blocks. */
import { CONFIG_FIELD } from '../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import { decodeEnabledValue } from '../../contract/cluster/feature-labels.ts';
import type { FallbackVerdict } from '../../contract/feature/daemon-view.ts';
import { RUNNING_STATES, type EngineContainer } from '../../contract/images/engine.ts';
import type { Fallback, FeatureLedger } from '../../contract/images/ledger.ts';
import { isVersion, NO_VERSION } from '../../contract/names.ts';
import { featureConfigRow, featureStatusRow, type RowValues } from '../../contract/rows.ts';
import { toSeconds, type Timestamps } from '../../contract/timestamps.ts';
import type { LocalTargetFinding } from '../images/local-target.ts';
import type { FeatureReading } from './feature-reading.ts';
import type { HostStep } from './host-step.ts';

export interface FallbackStepsInput {
  readonly feature: string;
  readonly reading: Pick<FeatureReading, 'config' | 'status' | 'statusValues' | 'blocks'>;
  readonly ledger: Pick<FeatureLedger, 'fallbacks'>;
  readonly blockedVersions: ReadonlySet<string>;
  readonly isEngineAway: boolean;
  readonly lockText: string | undefined;
  readonly now: Timestamps;
  /** The recorded container, as the engine shows it. */
  readonly container: EngineContainer | undefined;
  readonly verdict: FallbackVerdict;
  /** The image to blame for a fallback that is due; undefined if there is none. */
  readonly blamed: BlamedImage | undefined;
  /** What a fallback goes back to. */
  readonly target: LocalTargetFinding;
}

interface BlamedImage {
  readonly imageId: string;
  readonly version: string;
}

export function planFallbackSteps(input: FallbackStepsInput): HostStep[] {
  const { feature, reading, verdict, blamed, now, target } = input;
  const steps = [
    ...input.ledger.fallbacks.flatMap((fallback) => planOpenFallback(input, fallback)),
    ...planOperatorBlocks(input),
  ];
  // Without a target it is refused.
  if (verdict.kind !== 'fall-back' || 'why' in target) return steps;
  steps.push({
    kind: 'fall-back',
    fallback: blamed && createFallback(blamed, verdict.text, now),
    target,
    guards: listGuards(feature, reading),
    isServiceDown: reading.status.systemState !== 'up',
    text: verdict.text,
  });
  return steps;
}

function planOpenFallback(input: FallbackStepsInput, fallback: Fallback): HostStep[] {
  const { reading, lockText, isEngineAway, target } = input;
  const { imageId, version } = fallback;
  if (!fallback.isDone) {
    // Only the engine knows which image runs now, and another one must not be restarted for this fallback.
    if (lockText !== undefined || isEngineAway) return [];
    return [
      {
        kind: 'finish-fallback',
        fallback,
        isRestartDue: isRestartDue(input, fallback),
        target: 'why' in target ? undefined : target,
        isServiceDown: !isUp(input),
      },
    ];
  }
  switch (decodeEnabledValue(reading.blocks[version])) {
    case true:
      return [{ kind: 'lift-block', imageId, version }];
    case false:
      return [];
    case undefined:
      return [{ kind: 'block-version', version }];
  }
}

/** A label is written once for a version that was both fallen back from and blocked. */
function planOperatorBlocks({ reading, ledger, blockedVersions }: FallbackStepsInput): HostStep[] {
  return [...blockedVersions].flatMap((version): HostStep[] => {
    const label = decodeEnabledValue(reading.blocks[version]);
    if (label === true) return [{ kind: 'lift-operator-block', version }];
    const isPlanned = ledger.fallbacks.some((fallback) => fallback.version === version && fallback.isDone);
    return label === undefined && !isPlanned ? [{ kind: 'block-version', version }] : [];
  });
}

/** The fallback was decided in this boot, and no other image runs. */
function isRestartDue(
  { reading, now, container }: FallbackStepsInput,
  { imageId, bootId }: Fallback,
): boolean {
  const isOtherImage = container !== undefined && container.imageId !== imageId;
  return reading.config.setOwner === 'kube' && bootId === now.bootId && !isOtherImage;
}

/** The fallback itself writes that the service is down; an operator's stop would have ended the container too. */
const isUp = ({ reading, container }: FallbackStepsInput): boolean =>
  reading.status.systemState === 'up' || (container !== undefined && RUNNING_STATES.has(container.state));

/** A fallback gives way to an operator's stop and to another container. */
function listGuards(
  feature: string,
  { statusValues, config }: Pick<FeatureReading, 'statusValues' | 'config'>,
): RowValues[] {
  const fields = [STATUS_FIELD.systemState, STATUS_FIELD.claimToken, STATUS_FIELD.currentOwner];
  const values = Object.fromEntries(fields.map((field) => [field, statusValues[field]]));
  return [
    { address: featureStatusRow(feature), values },
    { address: featureConfigRow(feature), values: { [CONFIG_FIELD.setOwner]: config.setOwner } },
  ];
}

const createFallback = (blamed: BlamedImage, reason: string, now: Timestamps): Fallback => ({
  imageId: blamed.imageId,
  // It becomes part of a label's name, and comes from a row that anybody may write.
  version: isVersion(blamed.version) ? blamed.version : NO_VERSION,
  reason,
  sinceTs: toSeconds(now.wallMs),
  bootId: now.bootId,
  bootMs: now.bootMs,
  isDone: false,
});
