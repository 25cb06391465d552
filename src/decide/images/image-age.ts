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
  /** Seconds since the epoch as its builder wrote it, 0 or less if it wrote none. */
  readonly createdTs: number;
}

export interface ImageAge {
  readonly isOlder: boolean;
  /** For people: what that rests on. */
  readonly text: string;
  /** The image's versions that it rests on: while one of them is left, it stands. */
  readonly versions: readonly string[];
}

/**
 * By version where versions can be compared, else by the time of building. Only what is certainly older is. A version is
 * what its container said it was, if one is in the ledger, else each tag in one of the feature's `repositories`; like is
 * compared with like, because tags and versions may count in different ways.
 */
export function compareAge(
  image: ListedImage,
  golden: ListedImage,
  known: { readonly ledger: FeatureLedger; readonly repositories: ReadonlySet<string> },
): ImageAge {
  const [own, goldens] = [listVersions(image, known), listVersions(golden, known)];
  const byRecord = compareVersionLists(own.recorded, goldens.recorded);
  const byTag = compareVersionLists(own.tags, goldens.tags.length > 0 ? goldens.tags : goldens.recorded);
  return byRecord ?? byTag ?? compareBuildTimes(image, golden);
}

/** For people: the version of an image as far as it is known, empty if it is not. */
export function describeVersion(
  image: ListedImage,
  known: { readonly ledger: FeatureLedger; readonly repositories: ReadonlySet<string> },
): string {
  const { recorded, tags } = listVersions(image, known);
  return recorded[0] ?? tags.join(', ');
}

function listVersions(
  image: ListedImage,
  { ledger, repositories }: { readonly ledger: FeatureLedger; readonly repositories: ReadonlySet<string> },
): { recorded: string[]; tags: string[] } {
  const records = [ledger.golden, ledger.previous, ...ledger.fallbacks];
  const version = records.find((record) => record?.imageId === image.id)?.version;
  const tags = image.tags.flatMap((text) => {
    const reference = parseReference(text);
    return reference !== undefined && repositories.has(reference.repository) ? [reference.tag] : [];
  });
  return {
    // 0.0.0 stands for an image that does not say.
    recorded: version === undefined || version === '' || version === NO_VERSION ? [] : [version],
    // One image has the local tag, whatever its version.
    tags: [...new Set(tags)].filter((tag) => tag !== LOCAL_TAG),
  };
}

/** Undefined if not one of them can be compared. */
function compareVersionLists(own: readonly string[], goldens: readonly string[]): ImageAge | undefined {
  const pairs = own.flatMap((version) =>
    goldens.map((other) => ({ version, other, relation: compareVersions(version, other) })),
  );
  const telling = pairs.filter(({ relation }) => relation !== 'not-comparable');
  const [first] = telling;
  if (first === undefined) return undefined;
  const newer = telling.find(({ relation }) => relation !== 'lower');
  const versions = telling.map(({ version }) => version);
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
  const isKnown = image.createdTs > 0 && golden.createdTs > 0;
  const isOlder = isKnown && image.createdTs < golden.createdTs;
  if (isOlder) return { isOlder, text: `${noVersion}, but it was built before the golden one`, versions: [] };
  const why = isKnown ? 'it was not built before the golden one' : 'it is not known when it was built';
  return { isOlder, text: `${noVersion}, and ${why}`, versions: [] };
}
