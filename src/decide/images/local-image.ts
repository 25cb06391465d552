/** The switch's own image of a feature: what a start in local mode runs (SONiC: files/build_templates/docker_image_ctl.j2). */
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { LOCAL_TAG, parseReference } from '../../contract/images/image.ts';
import type { FeatureLedger, GoldenImage } from '../../contract/images/ledger.ts';
import { findStanding, NO_FACTS, type RungName } from './ladder.ts';
import { NO_VERSION } from '../../contract/names.ts';

/** What the service script creates a local container from: `<local repository>:latest`. */
export const findLocalImage = (
  images: readonly EngineImage[],
  localRepository: string | undefined,
): EngineImage | undefined =>
  localRepository === undefined
    ? undefined
    : images.find(({ tags }) => tags.includes(`${localRepository}:${LOCAL_TAG}`));

/** The version that the build of the switch's own image tagged it with; undefined if that is not certain. */
export function findBuildVersion(
  tags: readonly string[],
  localRepository: string | undefined,
): string | undefined {
  const own = tags
    .map((tag) => parseReference(tag))
    .filter((reference) => reference?.repository === localRepository);
  const versions = own
    .map((reference) => reference?.tag ?? '')
    .filter((tag) => tag !== '' && tag !== LOCAL_TAG);
  return versions.length === 1 ? versions[0] : undefined;
}

export interface LocalStartInput {
  readonly feature: string;
  readonly localRepository: string | undefined;
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
  readonly ledger: Pick<FeatureLedger, RungName | 'fallbacks'>;
  /** `<f>_local`: the version that ran last as local, empty if none is known. */
  readonly localVersion: string;
}

export interface LocalStart {
  readonly imageId: string;
  readonly references: readonly string[];
  readonly version: string;
  readonly isGolden: boolean;
  /**
   * `certified`: the ledger says so. `shipped`: the ledger says so, or the image has the tag of its build. `unknown`: a
   * tool of the switch may have made it the local one (ctrmgr_tools.py tag-all).
   */
  readonly source: GoldenImage['source'] | 'unknown';
}

/**
 * What `container start` runs in local mode, after a fallback for instance: the container that has the feature's name, of
 * whatever image it was made, else a new one from `<local repository>:latest`. Undefined if there is neither.
 */
export function findLocalStart(input: LocalStartInput): LocalStart | undefined {
  const { feature, localRepository, containers, images, ledger, localVersion } = input;
  const container = containers.find(({ names }) => names.includes(feature));
  const imageId = container?.imageId ?? findLocalImage(images, localRepository)?.id;
  if (imageId === undefined) return undefined;
  const { tags = [], digests = [] } = images.find(({ id }) => id === imageId) ?? {};
  const recorded = [ledger.golden, ledger.previous, ledger.shipped].find(
    (image) => image?.imageId === imageId,
  );
  const built = findBuildVersion(tags, localRepository);
  return {
    imageId,
    references: [...tags, ...digests],
    version: recorded?.version ?? built ?? (localVersion || NO_VERSION),
    isGolden: findStanding(ledger, NO_FACTS)?.image.imageId === imageId,
    source: recorded?.source ?? (built === undefined ? 'unknown' : 'shipped'),
  };
}
