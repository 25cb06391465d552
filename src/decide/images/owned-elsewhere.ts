import type { Ledger } from '../../contract/images/ledger.ts';
import type { OwnedElsewhere } from './clean-up.ts';

/** What belongs to the other features, by the ledger and by SONiC's list of image names (`mapped`: feature to repository). */
export function listOwnedElsewhere(
  feature: string,
  ledger: Ledger,
  mapped: ReadonlyMap<string, string>,
): OwnedElsewhere[] {
  const others = new Set([...Object.keys(ledger), ...mapped.keys()]);
  others.delete(feature);
  return [...others].map((other) => {
    const own = Object.hasOwn(ledger, other) ? ledger[other] : undefined;
    const local = mapped.get(other);
    const images = [own?.golden, own?.previous, own?.shipped, ...(own?.fallbacks ?? [])];
    return {
      feature: other,
      repositories: [
        ...(local === undefined ? [] : [local]),
        ...(own?.localRepository === undefined ? [] : [own.localRepository]),
        ...(own?.repositories ?? []),
      ],
      imageIds: images.flatMap((image) => image?.imageId ?? []),
    };
  });
}

/** Another feature that has images in this one's local repository; undefined if none has. */
export const findRepositorySharer = (
  localRepository: string | undefined,
  ownedElsewhere: readonly OwnedElsewhere[],
): string | undefined =>
  localRepository === undefined
    ? undefined
    : ownedElsewhere.find(({ repositories }) => repositories.includes(localRepository))?.feature;
