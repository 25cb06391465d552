/**
 * Which images of a feature are removed after a certification (contract.md, section 8, "Clean-up"; HLD, "Image
 * management"; D17). Images are told apart by their ids, repositories by their whole names.
 */
import { LOCAL_TAG, parseReference, shortImageId } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { listRungs, NO_FACTS, type RungName } from './ladder.ts';
import { compareAge, describeVersion, type ListedImage } from './image-age.ts';

/** What belongs to another feature. */
export interface OwnedElsewhere {
  readonly feature: string;
  /** Its local repository too. */
  readonly repositories: readonly string[];
  /** Those of its ladder, and with an open fallback. */
  readonly imageIds: readonly string[];
}

export interface CleanUpInput {
  readonly feature: string;
  readonly ledger: FeatureLedger;
  readonly policy: Pick<ImagePolicy, 'isDisabled' | 'purgeOlderImage' | 'purgeLocalCopy'>;
  /** All that the engine has. */
  readonly images: readonly ListedImage[];
  /** All of them: also a container that was only created uses its image. */
  readonly containers: readonly { readonly imageId: string; readonly names: readonly string[] }[];
  /** Undefined if the feature can have none. */
  readonly localRepository: string | undefined;
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  readonly isLocked: boolean;
}

/** Removes one name, or an image that has no name left. */
export type CleanUpStep =
  | { readonly kind: 'reference'; readonly reference: string }
  | { readonly kind: 'unnamed'; readonly imageId: string };

export interface CleanUpEntry {
  readonly imageId: string;
  /** All names of the image, also those in other repositories. */
  readonly references: readonly string[];
  /** The version as far as it is known, else empty. */
  readonly versionText: string;
  readonly action: 'remove' | 'keep';
  /** Removed in this order; empty for an image that is kept. */
  readonly steps: readonly CleanUpStep[];
  /** One line for people. */
  readonly reason: string;
}

export interface CleanUpPlan {
  /** If false, every image is kept. */
  readonly allowed: boolean;
  readonly reason: string;
  /** Every image of the feature's repositories, also the golden, the previous and unnamed ones. */
  readonly entries: readonly CleanUpEntry[];
}

/** The same plan for a dry run and for the removal. */
export function planCleanUp(input: CleanUpInput): CleanUpPlan {
  const refusal = describeRefusal(input);
  const scope = findScope(input);
  const entries = input.images
    .filter((image) => isOfFeature(image, input.ledger, scope))
    .map((image) => planImage(image, { input, scope, refusal }));
  return { allowed: refusal === undefined, reason: refusal ?? describeGolden(input.ledger), entries };
}

/** What the feature's images are recognised by. */
interface Scope {
  readonly golden: ListedImage | undefined;
  /** The repositories of the ledger, and the local one. */
  readonly repositories: ReadonlySet<string>;
  readonly localRepository: string | undefined;
}

const findScope = ({ ledger, images, localRepository }: CleanUpInput): Scope => ({
  golden: images.find(({ id }) => id === ledger.golden?.imageId),
  repositories: new Set([
    ...ledger.repositories,
    ...(localRepository === undefined ? [] : [localRepository]),
  ]),
  localRepository,
});

function describeRefusal({ ledger, policy, images, isLocked }: CleanUpInput): string | undefined {
  const { golden } = ledger;
  if (policy.isDisabled) return 'IMAGE_MGMT says Disable';
  if (isLocked) return 'an operator has locked the feature';
  if (golden === undefined) return 'no image has been certified yet';
  if (!images.some(({ id }) => id === golden.imageId))
    return `the golden image ${shortImageId(golden.imageId)} is gone: what else there is may be needed`;
  return undefined;
}

const describeGolden = ({ golden }: FeatureLedger): string =>
  `version ${golden?.version ?? ''} (${shortImageId(golden?.imageId ?? '')}) is golden`;

const listReferences = ({ tags, digests }: ListedImage): string[] => [...tags, ...digests];

/** Empty for a name that makes no sense: it belongs to none of the feature's repositories. */
const parseRepository = (reference: string): string => parseReference(reference)?.repository ?? '';

const isOfFeature = (image: ListedImage, ledger: FeatureLedger, { repositories }: Scope): boolean =>
  listRungs(ledger, NO_FACTS).some((rung) => rung.image.imageId === image.id) ||
  ledger.untagged.includes(image.id) ||
  listReferences(image).some((reference) => repositories.has(parseRepository(reference)));

interface ImageContext {
  readonly input: CleanUpInput;
  readonly scope: Scope;
  readonly refusal: string | undefined;
}

function planImage(image: ListedImage, { input, scope, refusal }: ImageContext): CleanUpEntry {
  const known = { ledger: input.ledger, repositories: scope.repositories };
  const about = {
    imageId: image.id,
    references: listReferences(image),
    versionText: describeVersion(image, known),
  };
  const keepImage = (reason: string): CleanUpEntry => ({ ...about, action: 'keep', steps: [], reason });
  const need = describeNeed(image, input) ?? describeOtherOwner(image, input.ownedElsewhere, scope);
  if (need !== undefined) return keepImage(need);
  if (refusal !== undefined || scope.golden === undefined)
    return keepImage(refusal ?? 'there is no golden image');
  const unwanted = describePolicyAgainst(image, input.policy, scope);
  if (unwanted !== undefined) return keepImage(unwanted);
  const age = compareAge(image, scope.golden, known);
  if (!age.isOlder) return keepImage(age.text);
  return { ...about, action: 'remove', steps: planSteps(image, age.versions), reason: age.text };
}

const RUNG_TEXTS: Readonly<Record<RungName, string>> = {
  golden: 'golden',
  previous: 'golden before the one that is now',
  shipped: 'the image that the switch came with',
};

/** Why this switch needs the image. */
function describeNeed(
  image: ListedImage,
  { ledger, containers, localRepository }: CleanUpInput,
): string | undefined {
  const rung = listRungs(ledger, NO_FACTS).find(({ image: { imageId } }) => imageId === image.id);
  if (rung !== undefined) return RUNG_TEXTS[rung.name];
  const user = containers.find(({ imageId }) => imageId === image.id);
  if (user !== undefined) return `container ${user.names[0] ?? ''} is made from it`;
  if (localRepository !== undefined && image.tags.includes(`${localRepository}:${LOCAL_TAG}`))
    return `${localRepository}:${LOCAL_TAG} is what the switch starts by itself`;
  return undefined;
}

function describeOtherOwner(
  image: ListedImage,
  ownedElsewhere: readonly OwnedElsewhere[],
  { repositories }: Scope,
): string | undefined {
  for (const reference of listReferences(image)) {
    const repository = parseRepository(reference);
    if (!repositories.has(repository)) return `it is also ${reference}, which is not this feature's`;
    const other = ownedElsewhere.find((owned) => owned.repositories.includes(repository));
    if (other !== undefined) return `${repository} is also a repository of ${other.feature}`;
  }
  const owner = ownedElsewhere.find(({ imageIds }) => imageIds.includes(image.id));
  return owner === undefined ? undefined : `${owner.feature} needs it`;
}

/** Local copies and images from a registry have a setting each: an image that is both needs both. */
function describePolicyAgainst(
  image: ListedImage,
  policy: CleanUpInput['policy'],
  scope: Scope,
): string | undefined {
  const { localRepository } = scope;
  const repositories = listReferences(image).map((reference) => parseRepository(reference));
  // An image without any name has lost the local one: only those are remembered by their ids.
  const isLocal =
    repositories.length === 0 || repositories.some((repository) => repository === localRepository);
  const isRemote = repositories.some((repository) => repository !== localRepository);
  if (isLocal && !policy.purgeLocalCopy) return 'a local copy, and purge_local_copy is false';
  if (isRemote && !policy.purgeOlderImage) return 'purge_older_image is false';
  if (isLocal && !hasLocalTag(scope)) return 'a local copy, and the golden image is not tagged as local';
  return undefined;
}

/** Without that tag the switch would have nothing to start when Kubernetes deploys nothing. */
const hasLocalTag = ({ golden, localRepository }: Scope): boolean =>
  localRepository !== undefined && golden?.tags.includes(`${localRepository}:${LOCAL_TAG}`) === true;

/**
 * The names that show the image's age are removed last, so that a daemon that was killed on the way makes the same plan for
 * the rest. Digests are removed first, because the engine removes them with the last tag of their repository.
 */
function planSteps({ id, tags, digests }: ListedImage, versions: readonly string[]): CleanUpStep[] {
  if (tags.length + digests.length === 0) return [{ kind: 'unnamed', imageId: id }];
  const showsAge = (reference: string): boolean => versions.includes(parseReference(reference)?.tag ?? '');
  const ordered = [
    ...digests,
    ...tags.filter((reference) => !showsAge(reference)),
    ...tags.filter((reference) => showsAge(reference)),
  ];
  return ordered.map((reference) => ({ kind: 'reference', reference }));
}
