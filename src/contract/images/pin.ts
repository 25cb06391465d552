/**
 * A pin: a container that was created and never started, so that its image can't be collected (contract.md, section 8,
 * "Pins"). It has no network, no volume, no restart policy, and a program that no image has.
 */
import type { EngineContainer } from './engine.ts';
import { shortImageId } from './image.ts';

/** Its value is the feature. */
export const PIN_LABEL = 'io.ctrkit.keep';
/** What it would run. */
export const PIN_PROGRAM = '/ctrkit-keeps-this-image';

export interface ImagePin {
  readonly feature: string;
  readonly imageId: string;
}

/** The name of its container: one for each image of a feature, whatever rung that is on. */
export const namePin = ({ feature, imageId }: ImagePin): string =>
  `ctrkit-keep-${feature}-${shortImageId(imageId)}`;

/** By label and name: what has only one of them is somebody else's. */
export const isPin = ({ keptFor, names, imageId }: EngineContainer): boolean =>
  keptFor !== undefined && names.includes(namePin({ feature: keptFor, imageId }));

/** The containers that something runs in, or did. */
export const omitPins = (containers: readonly EngineContainer[]): EngineContainer[] =>
  containers.filter((container) => !isPin(container));
