/**
 * What makes the best image of a feature the one that its next start in local mode runs (HLD, "Reboot support"). In place
 * of SONiC's ctrmgr_tools.py, which takes whatever Kubernetes runs. The rules are those of ctrkitd's own looks.
 */
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { LOCAL_TAG, shortImageId } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import type { OwnedElsewhere } from '../images/clean-up.ts';
import { findStandingRung, type Rung } from '../images/ladder.ts';
import { planLocalStart, type LocalStartStep } from '../images/local-start.ts';
import { findRepositorySharer } from '../images/owned-elsewhere.ts';

export interface LocalTagInput {
  readonly feature: string;
  readonly policy: Pick<ImagePolicy, 'tagNewAsLocal' | 'isDisabled'>;
  /** The operator's lock that is in force, one line; undefined if there is none. */
  readonly lockText: string | undefined;
  readonly rungs: readonly Rung[];
  readonly ledger: Pick<FeatureLedger, 'shipped'>;
  readonly localRepository: string | undefined;
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  /** All that the engine has, without pins. */
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

/** `text` is half a line for people. */
export type LocalTagPlan =
  /** It is so after these steps; none where it is so already. */
  | { readonly kind: 'make-local'; readonly steps: readonly LocalStartStep[]; readonly text: string }
  /** It must not be done, or can't be. */
  | { readonly kind: 'left'; readonly text: string };

export function planLocalTag(input: LocalTagInput): LocalTagPlan {
  const { feature, rungs, ledger, localRepository, containers, images } = input;
  const obstacle = findObstacle(input);
  if (obstacle !== undefined) return { kind: 'left', text: obstacle };
  const best = findStandingRung(rungs)?.image;
  if (best === undefined || localRepository === undefined)
    return { kind: 'left', text: 'no image of it is certified or shipped, and is there, and has not failed' };
  const { imageId: targetId, version, source } = best;
  const { shipped } = ledger;
  // A container that was only created waits for the start after the reboot.
  const isStarting = true;
  const target = { feature, targetId, localRepository, shipped, containers, images, isStarting };
  return {
    kind: 'make-local',
    steps: planLocalStart(target),
    text: `${localRepository}:${LOCAL_TAG} is version ${version} (${shortImageId(targetId)}), ${source}`,
  };
}

function findObstacle({
  policy,
  lockText,
  localRepository,
  ownedElsewhere,
}: LocalTagInput): string | undefined {
  if (lockText !== undefined) return `it is ${lockText}`;
  if (policy.isDisabled) return 'IMAGE_MGMT Disable is true';
  if (!policy.tagNewAsLocal) return 'tag_new_as_local is false: the local image stays as it is';
  const sharer = findRepositorySharer(localRepository, ownedElsewhere);
  return sharer && `${localRepository ?? ''} is a repository of ${sharer} too: it is re-tagged for neither`;
}
