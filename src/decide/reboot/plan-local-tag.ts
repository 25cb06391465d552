/**
 * What makes the best image of a feature the one that its next start in local mode runs (HLD, "Reboot support"). In place
 * of SONiC's ctrmgr_tools.py, which takes whatever Kubernetes runs.
 */
import { RUNNING_STATES, type EngineContainer, type EngineImage } from '../../contract/images/engine.ts';
import { isTag, LOCAL_TAG, shortImageId } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { GoldenImage } from '../../contract/images/ledger.ts';

export interface LocalTagInput {
  readonly feature: string;
  readonly policy: Pick<ImagePolicy, 'tagNewAsLocal' | 'isDisabled'>;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
  /** The highest image of the feature that is there and has not failed; undefined if there is none. */
  readonly best: GoldenImage | undefined;
  /** The image that the switch was shipped with, as far as the ledger knows it. */
  readonly shipped: GoldenImage | undefined;
  readonly localRepository: string | undefined;
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

/** `text` is half a line for people. */
export type LocalTagPlan =
  | {
      readonly kind: 'tag';
      readonly imageId: string;
      readonly repository: string;
      readonly tag: string;
      /** The name that the image before is given, so that it can be found again; undefined where it has another one. */
      readonly keptName: { readonly imageId: string; readonly tag: string } | undefined;
      /** The stopped local container, which would start the image before. */
      readonly containerId: string | undefined;
      readonly text: string;
    }
  /** It is so already. */
  | { readonly kind: 'done'; readonly text: string }
  /** It must not be done, or can't be. */
  | { readonly kind: 'left'; readonly text: string };

export function planLocalTag(input: LocalTagInput): LocalTagPlan {
  const { best, localRepository, images } = input;
  const obstacle = findObstacle(input);
  if (obstacle !== undefined) return { kind: 'left', text: obstacle };
  if (best === undefined || localRepository === undefined)
    return { kind: 'left', text: 'no image of it is certified or shipped, and is there, and has not failed' };
  const latest = `${localRepository}:${LOCAL_TAG}`;
  const local = images.find(({ tags }) => tags.includes(latest));
  const containerId = findStaleContainer(input, best.imageId);
  const what = `${latest} is version ${best.version} (${shortImageId(best.imageId)}), ${best.source}`;
  if (local?.id === best.imageId && containerId === undefined) return { kind: 'done', text: what };
  return {
    kind: 'tag',
    imageId: best.imageId,
    repository: localRepository,
    tag: LOCAL_TAG,
    keptName: local === undefined ? undefined : planKeptName(input, local, localRepository),
    containerId,
    text: what,
  };
}

function findObstacle({ policy, lockText }: LocalTagInput): string | undefined {
  if (lockText !== undefined) return `it is ${lockText}`;
  if (policy.isDisabled) return 'IMAGE_MGMT Disable is true';
  if (!policy.tagNewAsLocal) return 'tag_new_as_local is false: the local image stays as it is';
  return undefined;
}

/** Undefined while the local container runs: whatever it runs is left to its own end. */
function findStaleContainer({ containers, feature }: LocalTagInput, imageId: string): string | undefined {
  const local = containers.find(({ names }) => names.includes(feature));
  if (local === undefined || local.imageId === imageId || RUNNING_STATES.has(local.state)) return undefined;
  return local.id;
}

/** The shipped image would lose its only name. */
function planKeptName(
  { shipped, images }: LocalTagInput,
  local: EngineImage,
  repository: string,
): { imageId: string; tag: string } | undefined {
  if (shipped === undefined || shipped.imageId !== local.id || local.tags.length > 1) return undefined;
  const tag = shipped.version;
  if (!isTag(tag) || images.some(({ tags }) => tags.includes(`${repository}:${tag}`))) return undefined;
  return { imageId: local.id, tag };
}
