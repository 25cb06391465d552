/**
 * Names and ids that may go into a path of the engine's API. The engine takes the beginning of an id for the id, so that
 * a name has to be whole. Each assert throws CtrkitError('defect'): text from outside is checked before it gets here.
 */
import { CtrkitError } from '../../../contract/errors.ts';
import { isImageId, isRepository, isTag, parseReference } from '../../../contract/images/image.ts';

/** Names that Docker allows; the first 12 or all 64 digits of an id match too. */
const CONTAINER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const FULL_CONTAINER_ID = /^[0-9a-f]{64}$/;
/** `sha256:` and hex digits would be an image's id, not a repository and its tag. */
const ID_PREFIX = 'sha256';

export const isFullContainerId = (text: string): boolean => FULL_CONTAINER_ID.test(text);

export function assertContainerName(text: string): void {
  if (!CONTAINER_NAME.test(text)) throwIllegal('a container', text);
}

export function assertImageId(text: string): void {
  if (!isImageId(text)) throwIllegal("an image's id", text);
}

/** A whole name, with either a tag or a digest: anything less could name something else. */
export function assertReference(text: string): void {
  const { repository, tag, digest } = parseReference(text) ?? { repository: '', tag: '', digest: '' };
  const whole = tag === '' ? `${repository}@${digest}` : `${repository}:${tag}`;
  if (whole !== text || (tag === '' && digest === '') || repository === ID_PREFIX)
    throwIllegal('a whole reference', text);
}

export function assertNewTag(repository: string, tag: string): void {
  if (!isRepository(repository) || repository === ID_PREFIX) throwIllegal('a repository', repository);
  if (!isTag(tag)) throwIllegal('a tag', tag);
}

function throwIllegal(what: string, text: string): never {
  throw new CtrkitError(
    'defect',
    `the engine was to be asked for ${what} named ${JSON.stringify(text.slice(0, 80))}`,
  );
}
