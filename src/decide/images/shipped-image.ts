/** Whether the local image of the switch is the one that it came with, or one that Kubernetes or ctrkit put in its place. */
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { parseReference } from '../../contract/images/image.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';

export interface ShippedInput {
  readonly feature: string;
  /** `<local repository>:latest`. */
  readonly local: EngineImage;
  readonly localRepository: string | undefined;
  readonly containers: readonly EngineContainer[];
  readonly ledger: FeatureLedger;
}

/**
 * The first local image that is seen is the shipped one. Another image in its place is so only if nothing says that
 * Kubernetes brought it: a new image of the switch's system, or one that an operator has loaded.
 */
export function isShippedImage(input: ShippedInput): boolean {
  const { local, ledger } = input;
  if ([ledger.golden, ledger.previous, ...ledger.fallbacks].some((image) => image?.imageId === local.id))
    return false;
  return ledger.shipped === undefined || ledger.shipped.imageId === local.id || !isFromKube(input);
}

/**
 * What the switch runs for itself is its own choice, as long as Kubernetes has not brought it: nobody moves the local tag away
 * from it. `local` is undefined where there is no local image.
 */
export const isOwnChoice = (
  setOwner: string,
  { local, ...others }: Omit<ShippedInput, 'local'> & { readonly local: EngineImage | undefined },
): boolean => setOwner !== 'kube' && local !== undefined && isShippedImage({ ...others, local });

/** It has a name in a repository that Kubernetes was seen to deploy from, or a container of Kubernetes is made from it. */
function isFromKube({ feature, local, localRepository, containers, ledger }: ShippedInput): boolean {
  const isNamed = [...local.tags, ...local.digests].some((text) => {
    const repository = parseReference(text)?.repository;
    return (
      repository !== undefined && repository !== localRepository && ledger.repositories.includes(repository)
    );
  });
  return isNamed || containers.some(({ imageId, names }) => imageId === local.id && !names.includes(feature));
}
