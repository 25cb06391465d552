/** The switch's own image of a feature: what a start in local mode runs (SONiC: files/build_templates/docker_image_ctl.j2). */
import type { EngineImage } from '../../contract/images/engine.ts';
import { LOCAL_TAG, parseReference } from '../../contract/images/image.ts';
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
function findBuildVersion(tags: readonly string[], localRepository: string | undefined): string | undefined {
  const own = tags
    .map((tag) => parseReference(tag))
    .filter((reference) => reference?.repository === localRepository);
  const versions = own
    .map((reference) => reference?.tag ?? '')
    .filter((tag) => tag !== '' && tag !== LOCAL_TAG);
  return versions.length === 1 ? versions[0] : undefined;
}

/** The version of the local image for people: of its build, else what ran as local last, else `NO_VERSION`. */
export const findLocalVersion = (
  tags: readonly string[],
  localRepository: string | undefined,
  lastLocalVersion: string,
): string => findBuildVersion(tags, localRepository) ?? (lastLocalVersion || NO_VERSION);
