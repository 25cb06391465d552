/**
 * Which images of a feature may go after a certification (contract.md, section 8, "Clean-up"; HLD, "Image management";
 * D17). Images are told by their ids, repositories by their whole names.
 */
import { LOCAL_TAG, parseReference, shortImageId } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { compareAge, describeVersion, type ListedImage } from './image-age.ts';

export interface OwnedElsewhere {
  readonly feature: string;
  /** Its local repository too. */
  readonly repositories: readonly string[];
  /** Golden, previous, fallen back from. */
  readonly imageIds: readonly string[];
}

export interface CleanUpInput {
  readonly feature: string;
  readonly ledger: FeatureLedger;
  readonly policy: Pick<ImagePolicy, 'isDisabled' | 'purgeOlderImage' | 'purgeLocalCopy'>;
  /** All that the engine has. */
  readonly images: readonly ListedImage[];
  /** All of them: one that was only created uses its image too. */
  readonly containers: readonly { readonly imageId: string; readonly names: readonly string[] }[];
  /** Undefined if the feature has none that could be named. */
  readonly localRepository: string | undefined;
  /** The other features. */
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  readonly isLocked: boolean;
}

/** One name, or an image that has none left. */
export type CleanUpStep =
  | { readonly kind: 'reference'; readonly reference: string }
  | { readonly kind: 'unnamed'; readonly imageId: string };

export interface CleanUpEntry {
  readonly imageId: string;
  /** All its names, also those in other repositories. */
  readonly references: readonly string[];
  /** As far as it is known, else empty. */
  readonly versionText: string;
  readonly action: 'remove' | 'keep';
  /** In this order; none for an image that is kept. */
  readonly steps: readonly CleanUpStep[];
  /** One line for people. */
  readonly reason: string;
}

export interface CleanUpPlan {
  /** If not, every image is kept. */
  readonly allowed: boolean;
  readonly reason: string;
  /** Every image of the feature's repositories, golden, previous and unnamed ones included. */
  readonly entries: readonly CleanUpEntry[];
}

/** What is removed is what a dry run shows: the plan is all that there is to it. */
export function planCleanUp(input: CleanUpInput): CleanUpPlan {
  const refusal = describeRefusal(input);
  const scene = makeScene(input);
  const entries = input.images
    .filter((image) => isOurs(image, scene))
    .map((image) => planImage(image, scene, refusal));
  return { allowed: refusal === undefined, reason: refusal ?? describeGolden(input.ledger), entries };
}

interface Scene extends CleanUpInput {
  readonly golden: ListedImage | undefined;
  /** Local one included. */
  readonly repositories: ReadonlySet<string>;
  readonly localRepositories: ReadonlySet<string>;
}

function makeScene(input: CleanUpInput): Scene {
  const { ledger, images, localRepository } = input;
  const local = localRepository === undefined ? [] : [localRepository];
  return {
    ...input,
    golden: images.find(({ id }) => id === ledger.golden?.imageId),
    repositories: new Set([...ledger.repositories, ...local]),
    localRepositories: new Set(local),
  };
}

function describeRefusal({ ledger, policy, images, isLocked }: CleanUpInput): string | undefined {
  const { golden } = ledger;
  if (policy.isDisabled) return 'IMAGE_MGMT says Disable';
  if (isLocked) return 'an operator has locked the feature';
  if (golden?.source !== 'certified') return 'no image has been certified yet';
  if (!images.some(({ id }) => id === golden.imageId))
    return `the golden image ${shortImageId(golden.imageId)} is gone: what else there is may be needed`;
  return undefined;
}

const describeGolden = ({ golden }: FeatureLedger): string =>
  `version ${golden?.version ?? ''} (${shortImageId(golden?.imageId ?? '')}) is golden`;

const listReferences = ({ tags, digests }: ListedImage): string[] => [...tags, ...digests];
/** Of no repository for a name that makes no sense: it is then nobody's of ours. */
const parseRepository = (reference: string): string => parseReference(reference)?.repository ?? '';

const isOurs = (image: ListedImage, { ledger, repositories }: Scene): boolean =>
  [ledger.golden?.imageId, ledger.previous?.imageId, ...ledger.untagged].includes(image.id) ||
  listReferences(image).some((reference) => repositories.has(parseRepository(reference)));

function planImage(image: ListedImage, scene: Scene, refusal: string | undefined): CleanUpEntry {
  const about = {
    imageId: image.id,
    references: listReferences(image),
    versionText: describeVersion(image, scene),
  };
  const keep = (reason: string): CleanUpEntry => ({ ...about, action: 'keep', steps: [], reason });
  const needed = describeNeed(image, scene) ?? describeOtherOwner(image, scene);
  if (needed !== undefined) return keep(needed);
  if (refusal !== undefined || scene.golden === undefined) return keep(refusal ?? 'there is no golden image');
  const unwanted = describePolicyAgainst(image, scene);
  if (unwanted !== undefined) return keep(unwanted);
  const age = compareAge(image, scene.golden, scene);
  if (!age.isOlder) return keep(age.text);
  return { ...about, action: 'remove', steps: planSteps(image, age.versions), reason: age.text };
}

/** Why this switch needs the image. */
function describeNeed(
  image: ListedImage,
  { ledger, containers, localRepository }: Scene,
): string | undefined {
  if (image.id === ledger.golden?.imageId) return 'golden';
  if (image.id === ledger.previous?.imageId) return 'golden before the one that is now';
  const user = containers.find(({ imageId }) => imageId === image.id);
  if (user !== undefined) return `container ${user.names[0] ?? ''} is made from it`;
  if (localRepository !== undefined && image.tags.includes(`${localRepository}:${LOCAL_TAG}`))
    return `${localRepository}:${LOCAL_TAG} is what the switch starts by itself`;
  return undefined;
}

function describeOtherOwner(image: ListedImage, scene: Scene): string | undefined {
  const { ownedElsewhere, repositories } = scene;
  for (const reference of listReferences(image)) {
    const repository = parseRepository(reference);
    if (!repositories.has(repository)) return `it is also ${reference}, which is not this feature's`;
    const other = ownedElsewhere.find((owned) => owned.repositories.includes(repository));
    if (other !== undefined) return `${repository} is also a repository of ${other.feature}`;
  }
  const keeper = ownedElsewhere.find(({ imageIds }) => imageIds.includes(image.id));
  return keeper === undefined ? undefined : `${keeper.feature} needs it`;
}

/** The local copy and what came from a registry are two settings: an image that is both needs both. */
function describePolicyAgainst(image: ListedImage, scene: Scene): string | undefined {
  const { policy, localRepositories } = scene;
  const references = listReferences(image);
  // One that has no name left has lost the local one: no other is remembered by its id.
  const isLocal =
    references.length === 0 ||
    references.some((reference) => localRepositories.has(parseRepository(reference)));
  const isRemote = references.some((reference) => !localRepositories.has(parseRepository(reference)));
  if (isLocal && !policy.purgeLocalCopy) return 'a local copy, and purge_local_copy is false';
  if (isRemote && !policy.purgeOlderImage) return 'purge_older_image is false';
  if (isLocal && !hasLocalTag(scene)) return 'a local copy, and the golden image is not tagged as local';
  return undefined;
}

/** Without it the switch would have nothing to start when Kubernetes has nothing for it. */
const hasLocalTag = ({ golden, localRepository }: Scene): boolean =>
  localRepository !== undefined && golden?.tags.includes(`${localRepository}:${LOCAL_TAG}`) === true;

/**
 * The names that tell how old the image is go last: a daemon that was killed on the way comes to the same plan for what is
 * left. Digests go first, because the engine takes them along with the last tag of their repository.
 */
function planSteps({ id, tags, digests }: ListedImage, versions: readonly string[]): CleanUpStep[] {
  if (tags.length + digests.length === 0) return [{ kind: 'unnamed', imageId: id }];
  const isTelling = (text: string): boolean => versions.includes(parseReference(text)?.tag ?? '');
  const ordered = [
    ...digests,
    ...tags.filter((text) => !isTelling(text)),
    ...tags.filter((text) => isTelling(text)),
  ];
  return ordered.map((reference) => ({ kind: 'reference', reference }));
}
