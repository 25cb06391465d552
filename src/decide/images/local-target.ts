/**
 * Which image a start in local mode is to run, after a fallback for instance (contract.md, section 8, "The local image"; HLD,
 * "Self-mitigation"): with `tag_new_as_local` the highest rung that stands, else the shipped image.
 */
import type { EngineImage } from '../../contract/images/engine.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { unblockVersionCommand } from '../../text/operator-commands.ts';
import { isStanding, type Rung, type RungName } from './ladder.ts';

export interface LocalTarget {
  readonly imageId: string;
  readonly version: string;
  /** `local`: the local image of a switch whose shipped one is not known. */
  readonly rung: RungName | 'local';
}

/** `why` is one line for people: why there is none, and what changes that. */
export type LocalTargetFinding = LocalTarget | { readonly why: string };

export interface LocalTargetInput {
  readonly feature: string;
  readonly rungs: readonly Rung[];
  readonly tagNewAsLocal: boolean;
  /** `<local repository>:latest`, undefined if there is none, and its version as far as it is known. */
  readonly local: Pick<EngineImage, 'id'> | undefined;
  readonly localVersion: string;
  readonly ledger: Pick<FeatureLedger, 'shipped' | 'fallbacks'>;
}

/** `failingId` is the image that is to be fallen back from: it is no target. Empty where there is none. */
export function findLocalTarget(input: LocalTargetInput, failingId = ''): LocalTargetFinding {
  const { rungs, tagNewAsLocal, local, ledger } = input;
  const isWanted = ({ image }: Rung): boolean => tagNewAsLocal || image.imageId === ledger.shipped?.imageId;
  const wanted = rungs.filter((rung) => isWanted(rung));
  const found = wanted.find((rung) => isStanding(rung) && rung.image.imageId !== failingId);
  if (found !== undefined) {
    const { image, name } = found;
    return { imageId: image.imageId, version: image.version, rung: tagNewAsLocal ? name : 'shipped' };
  }
  if (wanted.length > 0) return { why: describeWanted(input, wanted, failingId) };
  return local === undefined
    ? { why: `there is no local image to fall back to. To allow it: give ${input.feature} one` }
    : findUnknownLocal(input, local.id, failingId);
}

/** The local image of which nobody knows where it came from. */
function findUnknownLocal(
  { feature, localVersion, ledger }: LocalTargetInput,
  imageId: string,
  failingId: string,
): LocalTargetFinding {
  const name = shortImageId(imageId);
  const fallback = ledger.fallbacks.find((open) => open.imageId === imageId);
  if (fallback !== undefined)
    return {
      why: `the local image ${name} was itself fallen back from. To lift that: ${unblockVersionCommand(feature, fallback.version)}`,
    };
  if (imageId === failingId)
    return {
      why: `image ${name} is the local one too: falling back would start it again. Deploy another one`,
    };
  return { imageId, version: localVersion, rung: 'local' };
}

/** Why none of these rungs is a target. */
function describeWanted(
  { feature, tagNewAsLocal }: LocalTargetInput,
  rungs: readonly Rung[],
  failingId: string,
): string {
  const reasons = rungs.map(({ name, image: { imageId, version }, hasFailed, isThere }) => {
    const what = `the ${RUNG_TEXTS[name]} version ${version} (${shortImageId(imageId)})`;
    if (hasFailed)
      return `${what} has failed itself, or is blocked (to lift that: ${unblockVersionCommand(feature, version)})`;
    if (imageId === failingId) return `${what} is the one that fails`;
    return isThere ? what : `${what} is not on this switch`;
  });
  const only = tagNewAsLocal ? '' : '; tag_new_as_local is false, so the shipped image is the only local one';
  return `nothing is left to fall back to: ${reasons.join('; ')}${only}. Or deploy another one`;
}

const RUNG_TEXTS: Readonly<Record<RungName, string>> = {
  golden: 'golden',
  previous: 'previous golden',
  shipped: 'shipped',
};
