/** Whether an image is older than the golden one (contract.md, section 8, "Clean-up"). */
import { LOCAL_TAG, parseReference } from '../../contract/images/image.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { NO_VERSION } from '../../contract/names.ts';
import { compareVersions } from '../gate/version-order.ts';

/** What the engine lists of an image. */
export interface ListedImage {
  readonly id: string;
  /** `repository:tag`, all of them. */
  readonly tags: readonly string[];
  /** `repository@sha256:…`, all of them. */
  readonly digests: readonly string[];
  /** Seconds since the epoch as its builder wrote it; 0 or another constant of long ago if it wrote none. */
  readonly createdTs: number;
}

/**
 * 2013-03-01: no image was built before Docker was there. A reproducible build writes 0, 1 or 1980 for all its images.
 */
const FIRST_BUILD_TS = 1_362_096_000;

export interface ImageAge {
  readonly isOlder: boolean;
  /** The reason, one line for people. */
  readonly text: string;
  /** The image's versions that were compared: the answer stays the same while one of them is left. */
  readonly versions: readonly string[];
}

/** What the versions of an image are known by: the ledger, and the feature's repositories. */
export interface KnownImages {
  readonly ledger: FeatureLedger;
  readonly repositories: ReadonlySet<string>;
}

/**
 * Compares by version where versions can be compared, else by the time of building; an image is older only if that is
 * certain. The version is what a container of the image said, if that is in the ledger, else each of its tags in one of the
 * feature's repositories. Versions are compared with versions and tags with tags, as they may count in different ways.
 */
export function compareAge(image: ListedImage, golden: ListedImage, known: KnownImages): ImageAge {
  const [own, ofGolden] = [listVersions(image, known), listVersions(golden, known)];
  const byRecord = compareVersionLists(own.recorded, ofGolden.recorded);
  const byTag = compareVersionLists(own.tags, ofGolden.tags.length > 0 ? ofGolden.tags : ofGolden.recorded);
  return byRecord ?? byTag ?? compareBuildTimes(image, golden);
}

/** The version of an image for people, as far as it is known, else empty. */
export function describeVersion(image: ListedImage, known: KnownImages): string {
  const { recorded, tags } = listVersions(image, known);
  return recorded[0] ?? tags.join(', ');
}

function listVersions(
  image: ListedImage,
  { ledger, repositories }: KnownImages,
): { recorded: string[]; tags: string[] } {
  const records = [ledger.golden, ledger.previous, ledger.shipped, ...ledger.fallbacks];
  const version = records.find((record) => record?.imageId === image.id)?.version;
  const tags = image.tags.flatMap((text) => {
    const reference = parseReference(text);
    return reference !== undefined && repositories.has(reference.repository) ? [reference.tag] : [];
  });
  return {
    // 0.0.0 stands for an image that does not say its version.
    recorded: version === undefined || version === '' || version === NO_VERSION ? [] : [version],
    // The local tag says nothing about the version.
    tags: [...new Set(tags)].filter((tag) => tag !== LOCAL_TAG),
  };
}

/** Undefined if no pair of them can be compared. */
function compareVersionLists(own: readonly string[], ofGolden: readonly string[]): ImageAge | undefined {
  const pairs = own.flatMap((version) =>
    ofGolden.map((other) => ({ version, other, relation: compareVersions(version, other) })),
  );
  const comparable = pairs.filter(({ relation }) => relation !== 'not-comparable');
  const [first] = comparable;
  if (first === undefined) return undefined;
  const newer = comparable.find(({ relation }) => relation !== 'lower');
  const versions = comparable.map(({ version }) => version);
  return newer === undefined
    ? { isOlder: true, text: `version ${first.version} is lower than the golden ${first.other}`, versions }
    : {
        isOlder: false,
        text: `version ${newer.version} is not lower than the golden ${newer.other}`,
        versions,
      };
}

function compareBuildTimes(image: ListedImage, golden: ListedImage): ImageAge {
  const noVersion = 'its version says nothing about its age';
  const isKnown = image.createdTs >= FIRST_BUILD_TS && golden.createdTs >= FIRST_BUILD_TS;
  const isOlder = isKnown && image.createdTs < golden.createdTs;
  if (isOlder) return { isOlder, text: `${noVersion}, but it was built before the golden one`, versions: [] };
  const why = isKnown ? 'it was not built before the golden one' : 'it is not known when it was built';
  return { isOlder, text: `${noVersion}, and ${why}`, versions: [] };
}
