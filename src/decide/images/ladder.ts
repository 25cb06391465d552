/**
 * The ladder of a feature's images (contract.md, section 8, "The ladder"): golden, the golden one before, the shipped one.
 * A fallback, and what is reported as golden, is the highest rung that is there and has not failed.
 */
import type { FeatureLedger, GoldenImage } from '../../contract/images/ledger.ts';

export type RungName = 'golden' | 'previous' | 'shipped';

export interface Rung {
  readonly name: RungName;
  readonly image: GoldenImage;
  /** It has an open fallback, or an operator has blocked its version. It keeps its place, and counts again once that is lifted. */
  readonly hasFailed: boolean;
  /** The engine has it. */
  readonly isThere: boolean;
}

/** What the ledger does not say. */
export interface LadderFacts {
  /** The ids of all images that the engine has; undefined where it does not say: then each rung counts as there. */
  readonly imageIds: ReadonlySet<string> | undefined;
  /** The versions of this feature that an operator has blocked. */
  readonly blockedVersions: ReadonlySet<string>;
}

/** Nothing but the ledger is known. */
export const NO_FACTS: LadderFacts = { imageIds: undefined, blockedVersions: new Set() };

/** The ids of the engine's images; undefined while it does not answer. */
export const listImageIds = (engine: {
  readonly isAway: boolean;
  readonly images: readonly { readonly id: string }[];
}): ReadonlySet<string> | undefined =>
  engine.isAway ? undefined : new Set(engine.images.map(({ id }) => id));

type Rungs = Pick<FeatureLedger, RungName | 'fallbacks'>;

/** From the highest on. An image that is on two rungs is listed on the higher one. */
export function listRungs(ledger: Rungs, { imageIds, blockedVersions }: LadderFacts): Rung[] {
  const { golden, previous, shipped, fallbacks } = ledger;
  const rungs: Rung[] = [];
  for (const [name, image] of Object.entries({ golden, previous, shipped }) as [RungName, typeof golden][]) {
    if (image === undefined || rungs.some((rung) => rung.image.imageId === image.imageId)) continue;
    rungs.push({
      name,
      image,
      hasFailed:
        fallbacks.some(({ imageId }) => imageId === image.imageId) || blockedVersions.has(image.version),
      isThere: imageIds === undefined || imageIds.has(image.imageId),
    });
  }
  return rungs;
}

/** Whether a start in local mode may run it. */
export const isStanding = ({ isThere, hasFailed }: Rung): boolean => isThere && !hasFailed;

/** The highest rung that is there and has not failed: what is reported as golden. Undefined if there is none. */
export const findStandingRung = (rungs: readonly Rung[]): Rung | undefined =>
  rungs.find((rung) => isStanding(rung));

/** The same of a ledger. */
export const findStanding = (ledger: Rungs, facts: LadderFacts): Rung | undefined =>
  findStandingRung(listRungs(ledger, facts));

/** The highest standing rung below the first one that stands; undefined if there is none. */
export const findNextStanding = (rungs: readonly Rung[]): Rung | undefined =>
  rungs.filter((rung) => isStanding(rung))[1];

/**
 * What becomes `previous` when `imageId` is certified: the highest standing certified rung, else the highest certified one,
 * other than the image itself.
 */
export function choosePrevious(rungs: readonly Rung[], imageId: string): GoldenImage | undefined {
  const certified = rungs.filter(({ name, image }) => name !== 'shipped' && image.imageId !== imageId);
  return (findStandingRung(certified) ?? certified[0])?.image;
}
