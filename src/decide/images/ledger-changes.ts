/**
 * What becomes of a feature's ledger, step by step (contract.md, section 8). Each returns a ledger that can be written,
 * the very same one if nothing changes. Lists are cut to their newest `MAX_LEDGER_LIST`.
 */
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import { isImageId, isRepository } from '../../contract/images/image.ts';
import {
  EMPTY_FEATURE_LEDGER,
  MAX_LEDGER_LIST,
  MAX_REFERENCE_LENGTH,
  NO_DUTIES,
  type Duties,
  type Fallback,
  type FeatureLedger,
  type GoldenImage,
  type Ledger,
} from '../../contract/images/ledger.ts';
import { isVersion, NO_VERSION } from '../../contract/names.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';

/** Of a feature with any legal name: `constructor` is one. */
export const selectFeatureLedger = (ledger: Ledger, feature: string): FeatureLedger =>
  (Object.hasOwn(ledger, feature) ? ledger[feature] : undefined) ?? EMPTY_FEATURE_LEDGER;

/** The fallback of this image that nobody has lifted. */
export const findOpenFallback = (ledger: FeatureLedger, imageId: string): Fallback | undefined =>
  ledger.fallbacks.find((fallback) => fallback.imageId === imageId);

/**
 * The new golden image unmarks the old one in the same step. What was still to be done for the old one is void: it would
 * be done to the new one. Never an image that was fallen back from: decideCertification has it that way too.
 */
export function recordCertification(
  ledger: FeatureLedger,
  image: GoldenImage,
  policy: ImagePolicy,
): FeatureLedger {
  const { golden, previous } = ledger;
  if (!canBecomeGolden(ledger, image) || golden?.imageId === image.imageId) return ledger;
  const { tagNewAsLocal, purgeOlderImage, purgeLocalCopy } = policy;
  return {
    ...ledger,
    golden: boundImage(image),
    previous: golden ?? dropSameImage(previous, image),
    duties: {
      tagAsLocal: tagNewAsLocal,
      removeLocalContainer: tagNewAsLocal,
      cleanUp: purgeOlderImage || purgeLocalCopy,
    },
    untagged: removeEntry(ledger.untagged, image.imageId),
  };
}

/**
 * The switch's own local image is golden while there is no other (HLD, "Self-mitigation"), and where the golden one is
 * not among `existing`, the ids of all images of the engine: somebody has removed it.
 */
export function adoptShippedImage(
  ledger: FeatureLedger,
  image: GoldenImage,
  existing: ReadonlySet<string>,
): FeatureLedger {
  const { golden, previous } = ledger;
  if (golden !== undefined && existing.has(golden.imageId)) return ledger;
  if (!canBecomeGolden(ledger, image) || golden?.imageId === image.imageId) return ledger;
  return {
    ...ledger,
    golden: boundImage(image),
    previous: dropSameImage(previous, image),
    duties: NO_DUTIES,
    untagged: removeEntry(ledger.untagged, image.imageId),
  };
}

export const markDutyDone = (ledger: FeatureLedger, duty: keyof Duties): FeatureLedger =>
  ledger.duties[duty] ? { ...ledger, duties: { ...ledger.duties, [duty]: false } } : ledger;

/** Once an image: nothing for one that has been fallen back from already, nor for the golden one. */
export function recordFallback(ledger: FeatureLedger, fallback: Fallback): FeatureLedger {
  const { imageId, version, reason, bootId } = fallback;
  if (!isImageId(imageId) || imageId === ledger.golden?.imageId) return ledger;
  if (findOpenFallback(ledger, imageId) !== undefined) return ledger;
  const bounded = {
    ...fallback,
    version: toLegalVersion(version),
    reason: toOneLine(reason, MAX_REASON_LENGTH),
    bootId: toOneLine(bootId, MAX_REASON_LENGTH),
  };
  return { ...ledger, fallbacks: appendEntry(ledger.fallbacks, bounded) };
}

/** The service has been restarted for it. */
export function markFallbackDone(ledger: FeatureLedger, imageId: string): FeatureLedger {
  const isOpen = (one: Fallback): boolean => one.imageId === imageId && !one.isDone;
  if (!ledger.fallbacks.some(isOpen)) return ledger;
  return {
    ...ledger,
    fallbacks: ledger.fallbacks.map((one) => (isOpen(one) ? { ...one, isDone: true } : one)),
  };
}

/** The image may be tried, become golden and be fallen back from again. */
export function liftFallback(ledger: FeatureLedger, imageId: string): FeatureLedger {
  if (findOpenFallback(ledger, imageId) === undefined) return ledger;
  return { ...ledger, fallbacks: ledger.fallbacks.filter((one) => one.imageId !== imageId) };
}

/** Clean-up will look there. What is no repository is not kept. */
export function recordRepository(ledger: FeatureLedger, repository: string): FeatureLedger {
  if (!isRepository(repository) || ledger.repositories.includes(repository)) return ledger;
  return { ...ledger, repositories: appendEntry(ledger.repositories, repository) };
}

/** An image that has lost the local tag. The golden one is never on this list. */
export function recordUntaggedImage(ledger: FeatureLedger, imageId: string): FeatureLedger {
  if (!isImageId(imageId) || imageId === ledger.golden?.imageId) return ledger;
  if (ledger.untagged.includes(imageId)) return ledger;
  return { ...ledger, untagged: appendEntry(ledger.untagged, imageId) };
}

const canBecomeGolden = (ledger: FeatureLedger, { imageId }: GoldenImage): boolean =>
  isImageId(imageId) && findOpenFallback(ledger, imageId) === undefined;

/** References come from the engine and versions from a container: whatever they are, the ledger can be written. */
function boundImage(image: GoldenImage): GoldenImage {
  const references = image.references.filter(
    (text) => /^[!-~]+$/.test(text) && text.length <= MAX_REFERENCE_LENGTH,
  );
  return {
    ...image,
    version: toLegalVersion(image.version),
    references: references.slice(0, MAX_LEDGER_LIST),
  };
}

const dropSameImage = (previous: GoldenImage | undefined, image: GoldenImage): GoldenImage | undefined =>
  previous?.imageId === image.imageId ? undefined : previous;

const toLegalVersion = (text: string): string => (isVersion(text) ? text : NO_VERSION);
const appendEntry = <T>(list: readonly T[], one: T): T[] => [...list, one].slice(-MAX_LEDGER_LIST);
const removeEntry = (list: readonly string[], one: string): readonly string[] =>
  list.includes(one) ? list.filter((other) => other !== one) : list;
