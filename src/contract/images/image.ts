/**
 * Images as the host side names them. An image *is* its id, the digest of its configuration: the same on every switch,
 * whatever it is tagged. A *reference* is a name of it, `repository:tag` or `repository@sha256:…`.
 */
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;
/**
 * What Docker and containerd allow in a name: a host with its port, then path components. A host may have upper case and be an
 * IPv6 address in brackets, and has no underscore; a path component is lower case (distribution/reference, reference.go).
 */
const HOST =
  /(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])/;
const COMPONENT = /[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*/;
const REPOSITORY = new RegExp(
  `^(?:${HOST.source}(?::\\d{1,5})?/)?${COMPONENT.source}(?:/${COMPONENT.source})*$`,
);
const TAG = /^\w[\w.-]{0,127}$/;

/** What SONiC's service scripts create a local container from: `<repository>:latest` (sonic.md, "Image tags"). */
export const LOCAL_TAG = 'latest';

export const isImageId = (text: string): boolean => IMAGE_ID.test(text);
export const isRepository = (text: string): boolean => text.length <= 255 && REPOSITORY.test(text);
export const isTag = (text: string): boolean => TAG.test(text);

export interface Reference {
  readonly repository: string;
  /** Empty for a reference by digest. */
  readonly tag: string;
  /** `sha256:…` of the manifest, empty for a reference by tag. */
  readonly digest: string;
}

/** Undefined for `<none>:<none>`, for an image's id, and for whatever else is no reference. */
export function parseReference(text: string): Reference | undefined {
  // A container that was started by the image's id shows that in place of a name.
  if (isImageId(text)) return undefined;
  const [name = '', digest = ''] = text.split('@', 2);
  // A colon before a slash is a registry's port.
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const repository = hasTag ? name.slice(0, colon) : name;
  const tag = hasTag ? name.slice(colon + 1) : '';
  if (!isRepository(repository) || (tag !== '' && !isTag(tag))) return undefined;
  if (digest !== '' && !isImageId(digest)) return undefined;
  return { repository, tag, digest };
}

/** For people: as the engine's own listings shorten it. */
export const shortImageId = (imageId: string): string => imageId.replace(/^sha256:/, '').slice(0, 12);
