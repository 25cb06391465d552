/**
 * What makes an image the one that the next start in local mode runs (contract.md, section 8, "The local image"). SONiC's
 * service script starts the container that has the feature's name, else a new one from `<local repository>:latest`.
 */
import type { ContainerState, EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { isTag, LOCAL_TAG, shortImageId } from '../../contract/images/image.ts';
import type { GoldenImage } from '../../contract/images/ledger.ts';
import { NO_VERSION } from '../../contract/names.ts';
import { findLocalImage } from './local-image.ts';

/** In this order. Each is idempotent. */
export type LocalStartStep =
  /** The shipped image gets a name of its own before it loses the local tag: then it can always be brought back. */
  | {
      readonly kind: 'name-image';
      readonly imageId: string;
      readonly repository: string;
      readonly tag: string;
    }
  | { readonly kind: 'tag-as-local'; readonly imageId: string; readonly repository: string }
  /** A stopped container of another image, which the script would start in place of a new one. */
  | { readonly kind: 'remove-local-container'; readonly containerId: string };

export interface LocalStartInput {
  readonly feature: string;
  /** The image that is to run. */
  readonly targetId: string;
  readonly localRepository: string | undefined;
  readonly shipped: GoldenImage | undefined;
  /** All that the engine has. */
  readonly images: readonly EngineImage[];
  readonly containers: readonly EngineContainer[];
  /** That start is under way: a container that was only created is about to be started too. */
  readonly isStarting?: boolean;
}

/** One that was only created is about to be started by the service script. */
const ENDED_STATES: ReadonlySet<ContainerState> = new Set(['exited', 'dead']);
const STARTABLE_STATES: ReadonlySet<ContainerState> = new Set([...ENDED_STATES, 'created']);

/** Empty where the next start runs that image, or while a container of another one runs. */
export function planLocalStart(input: LocalStartInput): LocalStartStep[] {
  const { feature, targetId, localRepository: repository, images, containers, isStarting = false } = input;
  const states = isStarting ? STARTABLE_STATES : ENDED_STATES;
  const steps: LocalStartStep[] = [];
  if (repository !== undefined && images.some(({ id }) => id === targetId)) {
    steps.push(...planShippedName(input, repository));
    if (findLocalImage(images, repository)?.id !== targetId)
      steps.push({ kind: 'tag-as-local', imageId: targetId, repository });
  }
  const container = containers.find(({ names }) => names.includes(feature));
  if (container !== undefined && container.imageId !== targetId && states.has(container.state))
    steps.push({ kind: 'remove-local-container', containerId: container.id });
  return steps;
}

/** Where the local tag is its only name and is about to go, or has gone. */
function planShippedName(
  { shipped, images, targetId }: LocalStartInput,
  repository: string,
): LocalStartStep[] {
  const image = images.find(({ id }) => id === shipped?.imageId);
  const localName = `${repository}:${LOCAL_TAG}`;
  if (shipped === undefined || image === undefined || image.tags.some((name) => name !== localName))
    return [];
  if (image.tags.includes(localName) && image.id === targetId) return [];
  const isFree = (tag: string): boolean =>
    tag !== NO_VERSION && isTag(tag) && !images.some(({ tags }) => tags.includes(`${repository}:${tag}`));
  const tag = isFree(shipped.version) ? shipped.version : `shipped-${shortImageId(image.id)}`;
  return [{ kind: 'name-image', imageId: image.id, repository, tag }];
}
