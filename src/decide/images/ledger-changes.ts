/**
 * The changes of a feature's ledger (contract.md, section 8). Each function returns the changed ledger, or the very same
 * object if nothing changes. Lists keep their newest `MAX_LEDGER_LIST` entries.
 */
import { isImageId, isRepository } from '../../contract/images/image.ts';
import {
  EMPTY_FEATURE_LEDGER,
  MAX_LEDGER_LIST,
  MAX_REFERENCE_LENGTH,
  type Fallback,
  type FeatureLedger,
  type GoldenImage,
  type Ledger,
} from '../../contract/images/ledger.ts';
import { isVersion, NO_VERSION } from '../../contract/names.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';

/** The feature's part of the ledger; empty if it has none. `constructor` is a legal name of a feature. */
export const selectFeatureLedger = (ledger: Ledger, feature: string): FeatureLedger =>
  (Object.hasOwn(ledger, feature) ? ledger[feature] : undefined) ?? EMPTY_FEATURE_LEDGER;

/** The open fallback of this image, which nobody has lifted; undefined if there is none. */
export const findOpenFallback = (ledger: FeatureLedger, imageId: string): Fallback | undefined =>
  ledger.fallbacks.find((fallback) => fallback.imageId === imageId);

/** What a certification changes: `image` becomes golden, and `previous` is what it is in the ledger (`choosePrevious`). */
export interface Certified {
  readonly image: GoldenImage;
  readonly previous: GoldenImage | undefined;
}

/** Makes the image golden. Never certify an image that has an open fallback. */
export function recordCertification(ledger: FeatureLedger, { image, previous }: Certified): FeatureLedger {
  const { golden } = ledger;
  if (!canBecomeRung(ledger, image) || golden?.imageId === image.imageId) return ledger;
  return {
    ...ledger,
    golden: { ...boundImage(image), source: 'certified' },
    previous: previous?.imageId === image.imageId ? undefined : previous,
    untagged: removeEntry(ledger.untagged, image.imageId),
  };
}

/** Makes the local image the shipped one. Never adopt an image that has an open fallback, nor a certified one. */
export function adoptShippedImage(ledger: FeatureLedger, image: GoldenImage): FeatureLedger {
  const known = [ledger.golden, ledger.previous, ledger.shipped].map((rung) => rung?.imageId);
  if (!canBecomeRung(ledger, image) || known.includes(image.imageId)) return ledger;
  return {
    ...ledger,
    shipped: { ...boundImage(image), source: 'shipped' },
    untagged: removeEntry(ledger.untagged, image.imageId),
  };
}

/** Opens a fallback, of the golden image too. Nothing changes for an image that has an open one. */
export function recordFallback(ledger: FeatureLedger, fallback: Fallback): FeatureLedger {
  const { imageId, version, reason, bootId } = fallback;
  if (!isImageId(imageId) || findOpenFallback(ledger, imageId) !== undefined) return ledger;
  const bounded = {
    ...fallback,
    version: toLegalVersion(version),
    reason: toOneLine(reason, MAX_REASON_LENGTH),
    bootId: toOneLine(bootId, MAX_REASON_LENGTH),
  };
  return { ...ledger, fallbacks: appendEntry(ledger.fallbacks, bounded) };
}

/** To be called when the service has been restarted for the fallback. */
export function markFallbackDone(ledger: FeatureLedger, imageId: string): FeatureLedger {
  const isPending = (fallback: Fallback): boolean => fallback.imageId === imageId && !fallback.isDone;
  if (!ledger.fallbacks.some(isPending)) return ledger;
  const fallbacks = ledger.fallbacks.map((fallback) =>
    isPending(fallback) ? { ...fallback, isDone: true } : fallback,
  );
  return { ...ledger, fallbacks };
}

/** Closes the fallback: the image may run, become golden and be fallen back from again. */
export function liftFallback(ledger: FeatureLedger, imageId: string): FeatureLedger {
  if (findOpenFallback(ledger, imageId) === undefined) return ledger;
  return { ...ledger, fallbacks: ledger.fallbacks.filter((fallback) => fallback.imageId !== imageId) };
}

/** Adds a repository for clean-up to look in. Nothing changes for a text that is no repository. */
export function recordRepository(ledger: FeatureLedger, repository: string): FeatureLedger {
  if (!isRepository(repository) || ledger.repositories.includes(repository)) return ledger;
  return { ...ledger, repositories: appendEntry(ledger.repositories, repository) };
}

/** Keeps where the local image is. Nothing changes for a text that is no repository. */
export const recordLocalRepository = (ledger: FeatureLedger, repository: string): FeatureLedger =>
  isRepository(repository) && ledger.localRepository !== repository
    ? { ...ledger, localRepository: repository }
    : ledger;

/** Adds an image that has lost the local tag. The golden image is never on this list. */
export function recordUntaggedImage(ledger: FeatureLedger, imageId: string): FeatureLedger {
  if (!isImageId(imageId) || imageId === ledger.golden?.imageId) return ledger;
  if (ledger.untagged.includes(imageId)) return ledger;
  return { ...ledger, untagged: appendEntry(ledger.untagged, imageId) };
}

const canBecomeRung = (ledger: FeatureLedger, { imageId }: GoldenImage): boolean =>
  isImageId(imageId) && findOpenFallback(ledger, imageId) === undefined;

/** References come from the engine and versions from a container: any text must leave a ledger that can be written. */
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

const toLegalVersion = (text: string): string => (isVersion(text) ? text : NO_VERSION);
const appendEntry = <T>(list: readonly T[], entry: T): T[] => [...list, entry].slice(-MAX_LEDGER_LIST);
const removeEntry = (list: readonly string[], entry: string): readonly string[] =>
  list.includes(entry) ? list.filter((other) => other !== entry) : list;
