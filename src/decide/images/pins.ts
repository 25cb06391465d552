/**
 * Which pins keep the images of the ladder from being collected (contract.md, section 8, "Pins"), and which names an image of
 * the ladder is given back after a collector has taken them.
 */
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { LOCAL_TAG, parseReference, shortImageId } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { namePin, type ImagePin } from '../../contract/images/pin.ts';
import type { Rung } from './ladder.ts';
import { planRestore, type RestoreStep } from './restore.ts';

/** `text` is one line for the log. Each is idempotent. */
export type PinStep =
  | { readonly kind: 'pin-image'; readonly pin: ImagePin; readonly text: string }
  | { readonly kind: 'unpin-image'; readonly containerId: string; readonly text: string }
  | {
      readonly kind: 'return-name';
      readonly imageId: string;
      readonly repository: string;
      readonly tag: string;
    }
  | RestoreStep;

const KINDS: ReadonlySet<string> = new Set<PinStep['kind']>([
  'pin-image',
  'unpin-image',
  'return-name',
  'restore-image',
]);

export const isPinStep = (step: { readonly kind: string }): step is PinStep => KINDS.has(step.kind);

export interface PinsInput {
  readonly feature: string;
  readonly policy: Pick<
    ImagePolicy,
    | 'isDisabled'
    | 'restoreGolden'
    | 'activeTimeToMarkGoodMs'
    | 'failTimeToFallbackMs'
    | 'kubeFailureDetectionMs'
  >;
  readonly ledger: Pick<FeatureLedger, 'golden' | 'fallbacks'>;
  readonly rungs: readonly Rung[];
  /** All that the engine has, without the pins. */
  readonly containers: readonly Pick<EngineContainer, 'names'>[];
  readonly images: readonly EngineImage[];
  /** Of any feature: those of others are left alone. */
  readonly pins: readonly EngineContainer[];
}

/** Call it only while the engine answers: an image that is not listed is taken for gone. */
export function planPins(input: PinsInput): PinStep[] {
  const { feature, policy, containers, pins } = input;
  const rungs = isLadderUsed(input) ? input.rungs : [];
  const kept = rungs.filter(({ isThere }) => isThere);
  const stale = pins.filter(
    ({ keptFor, imageId }) => keptFor === feature && !kept.some(({ image }) => image.imageId === imageId),
  );
  const removals = stale.map(({ id, imageId }): PinStep => {
    const text = `image ${shortImageId(imageId)} is no longer pinned: it is on no rung that is kept`;
    return { kind: 'unpin-image', containerId: id, text };
  });
  const missing = kept.filter((rung) => !isPinned(feature, rung, pins));
  const additions = missing.flatMap(({ name, image: { imageId, version } }): PinStep[] => {
    const pin = { feature, imageId };
    // Somebody else's container has the name: it is left alone, and the view shows a rung without a pin.
    if (containers.some(({ names }) => names.includes(namePin(pin)))) return [];
    const text = `image ${shortImageId(imageId)}, ${name}, version ${version}, is pinned: no collector can remove it`;
    return [{ kind: 'pin-image', pin, text }];
  });
  const names = kept.flatMap((rung) => planNames(rung, input.images));
  return [...removals, ...additions, ...names, ...planRestore(policy, rungs)];
}

/** By default nothing is certified and nothing falls back: then nothing is pinned either. `Disable` leaves images alone. */
export const isLadderUsed = ({ policy, ledger }: Pick<PinsInput, 'policy' | 'ledger'>): boolean =>
  !policy.isDisabled &&
  (ledger.golden !== undefined ||
    ledger.fallbacks.length > 0 ||
    policy.activeTimeToMarkGoodMs > 0 ||
    policy.failTimeToFallbackMs > 0 ||
    policy.kubeFailureDetectionMs > 0);

export const isPinned = (feature: string, { image }: Rung, pins: readonly EngineContainer[]): boolean =>
  pins.some(({ keptFor, imageId }) => keptFor === feature && imageId === image.imageId);

/**
 * The tags that the ledger knows and nobody has now: those that say the version, which never move, or else, where the image
 * has no name left, the first one. The local tag is the target's of a local start (local-target.ts).
 */
function planNames(
  { image: { imageId, references, version } }: Rung,
  images: readonly EngineImage[],
): PinStep[] {
  const current = images.find(({ id }) => id === imageId);
  const lost = references
    .flatMap((text) => parseReference(text) ?? [])
    .filter(
      ({ repository, tag }) => tag !== '' && tag !== LOCAL_TAG && !isTaken(`${repository}:${tag}`, images),
    );
  const own = lost.filter(({ tag }) => tag === version);
  const isUnnamed = current !== undefined && current.tags.length + current.digests.length === 0;
  const returned = own.length === 0 && isUnnamed ? lost.slice(0, 1) : own;
  return returned.map(({ repository, tag }) => ({ kind: 'return-name', imageId, repository, tag }));
}

const isTaken = (name: string, images: readonly EngineImage[]): boolean =>
  images.some(({ tags }) => tags.includes(name));
