import { isImageId, isRepository, parseReference } from '../../contract/images/image.ts';

/**
 * The repository of the switch's own image of a feature (sonic.md, "Image tags"): from ctr_image_names.json, else from the
 * image of the container that has the feature's name, else where it was seen before, else by SONiC's usual name. Undefined
 * if that is no legal name.
 */
export function decideLocalRepository(
  feature: string,
  known: {
    readonly mapped: string | undefined;
    readonly containerImage: string | undefined;
    /** That of the ledger. */
    readonly remembered: string | undefined;
  },
): string | undefined {
  const { mapped, containerImage = '', remembered } = known;
  if (mapped !== undefined && isRepository(mapped)) return mapped;
  // The engine shows the id of a container's image when another image has got its name.
  const repository = isImageId(containerImage) ? undefined : parseReference(containerImage)?.repository;
  if (repository !== undefined) return repository;
  if (remembered !== undefined) return remembered;
  const usual = `docker-${feature}`;
  return isRepository(usual) ? usual : undefined;
}
