/** What a reconcile of one feature sees: its input, the recorded container, and the memory after this reading. */
import type { ObservedFields } from './feature-reading.ts';
import { matchesIdOrName, RUNNING_STATES, type EngineContainer } from '../../contract/images/engine.ts';
import type { HolderContainer } from './feature-condition.ts';
import type { FeatureInput } from './feature-input.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import { listImageIds, listRungs, type Rung } from '../images/ladder.ts';
import { trackFeature, type FeatureMemory } from './feature-memory.ts';
import { selectHolderName } from './reap.ts';

export interface Observation {
  /** `isRebooting` is true only while a reboot that was announced or prepared is still to be expected. */
  readonly input: FeatureInput;
  readonly memory: FeatureMemory;
  /** The values of the previous reconcile. */
  readonly lastObserved: ObservedFields | undefined;
  /** The recorded container, as the engine shows it; undefined if the engine does not know it. */
  readonly container: EngineContainer | undefined;
  readonly isRunning: boolean;
  /** The ladder of images. While the engine is away each counts as there. */
  readonly rungs: readonly Rung[];
}

export function observeFeature(last: FeatureMemory, asRead: FeatureInput): Observation {
  const { reading, now, engine, feature } = asRead;
  const rebootSinceMs = findRebootSinceMs(last, asRead);
  const isRebooting = asRead.isRebootPrepared || isRebootExpected(rebootSinceMs, now.bootMs);
  const input = { ...asRead, reading: { ...reading, isRebooting } };
  const name = selectHolderName(feature, reading.status);
  const container =
    name === undefined ? undefined : engine.containers.find((listed) => matchesIdOrName(listed, name));
  return {
    input,
    memory: { ...trackFeature(last, input, container?.imageId), rebootSinceMs },
    lastObserved: last.observed,
    container,
    isRunning: container !== undefined && RUNNING_STATES.has(container.state),
    rungs: listRungs(asRead.ledger, {
      imageIds: listImageIds(engine),
      blockedVersions: asRead.blockedVersions,
    }),
  };
}

/**
 * Since when a warm or fast reboot has been announced, boot clock. What was announced before the first look of this boot may
 * have been so since the boot: an operator who leaves `config warm_restart` enabled must not blind each new daemon.
 */
function findRebootSinceMs(last: FeatureMemory, { reading, now }: FeatureInput): number | undefined {
  if (!reading.isRebooting) return undefined;
  return last.rebootSinceMs ?? (last.observed === undefined ? 0 : now.bootMs);
}

/** For decisions on the holder. */
export const toHolderContainer = ({ container, isRunning }: Observation): HolderContainer | undefined =>
  container && { imageId: container.imageId, isRunning, isPaused: container.state === 'paused' };
