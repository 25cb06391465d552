import { isImageId, isRepository, parseReference } from '../../contract/images/image.ts';

/**
 * Where the switch's own image of a feature is (sonic.md, "Image tags"): as ctr_image_names.json has it, else as the
 * image of the container that has the feature's name was called, else as SONiC calls most of them. Undefined if that
 * can't be a repository's name either.
 */
export function decideLocalRepository(
  feature: string,
  known: { readonly mapped: string | undefined; readonly containerImage: string | undefined },
): string | undefined {
  const { mapped, containerImage = '' } = known;
  if (mapped !== undefined && isRepository(mapped)) return mapped;
  // The engine gives a container's image by its id when the name has gone to another.
  const named = isImageId(containerImage) ? undefined : parseReference(containerImage)?.repository;
  if (named !== undefined) return named;
  const usual = `docker-${feature}`;
  return isRepository(usual) ? usual : undefined;
}
