/** How an image of the ladder that is gone is brought back (contract.md, section 8, "A rung whose image is gone"). */
import { parseReference } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { GoldenImage } from '../../contract/images/ledger.ts';
import type { Rung, RungName } from './ladder.ts';

export interface RestoreStep {
  readonly kind: 'restore-image';
  readonly imageId: string;
  readonly version: string;
  readonly rung: RungName;
  /** Whole references, to be pulled in this order until one of them brings that image. */
  readonly sources: readonly string[];
}

/** One for each missing rung that has not failed and came from a registry, the highest first. */
export const planRestore = (
  { restoreGolden }: Pick<ImagePolicy, 'restoreGolden'>,
  rungs: readonly Rung[],
): RestoreStep[] =>
  rungs
    .filter(({ isThere, hasFailed }) => restoreGolden && !isThere && !hasFailed)
    .map(({ name, image }): RestoreStep => ({
      kind: 'restore-image',
      imageId: image.imageId,
      version: image.version,
      rung: name,
      sources: listSources(image),
    }))
    .filter(({ sources }) => sources.length > 0);

/**
 * Digests first: they name that image and no other. A tag counts only with the host of its registry, because a switch's own
 * `docker-snmp:1` would be asked of the engine's default registry, where anybody may have that name.
 */
export function listSources({ references }: Pick<GoldenImage, 'references'>): string[] {
  const byDigest: string[] = [];
  const byTag: string[] = [];
  for (const text of references) {
    const { repository, tag, digest } = parseReference(text) ?? { repository: '', tag: '', digest: '' };
    if (digest !== '') byDigest.push(`${repository}@${digest}`);
    else if (tag !== '' && hasRegistry(repository)) byTag.push(`${repository}:${tag}`);
  }
  return [...byDigest, ...byTag];
}

/** As the engine tells a host from a path (distribution/reference): by a dot, a port, or `localhost`. */
const hasRegistry = (repository: string): boolean => /^(?:[^/]*[.:][^/]*|localhost)\//.test(repository);
