/** Which image a start of this feature in local mode is to run, and what forbids to make it so. */
import { LOCAL_TAG } from '../../contract/images/image.ts';
import { findLocalImage, findLocalVersion } from '../images/local-image.ts';
import { findLocalTarget, type LocalTargetFinding } from '../images/local-target.ts';
import { findRepositorySharer } from '../images/owned-elsewhere.ts';
import type { FeatureInput } from './feature-input.ts';
import type { Observation } from './observe-feature.ts';

/** `failingId` is the image that is to be fallen back from. */
export function findFeatureTarget(
  { input, rungs }: Pick<Observation, 'input' | 'rungs'>,
  failingId?: string,
): LocalTargetFinding {
  const { feature, reading, ledger, engine, localRepository } = input;
  const local = findLocalImage(engine.images, localRepository);
  const sharer = findRepositorySharer(input.localRepository, input.ownedElsewhere);
  const found = findLocalTarget(
    {
      feature,
      rungs,
      tagNewAsLocal: reading.policy.tagNewAsLocal && sharer === undefined,
      local,
      localVersion: findLocalVersion(local?.tags ?? [], localRepository, reading.localVersion),
      ledger,
    },
    failingId,
  );
  if (sharer === undefined || 'why' in found || found.imageId === local?.id) return found;
  return {
    why: `${localRepository ?? ''}:${LOCAL_TAG} is another image, and ${sharer} has that repository too: it is re-tagged for neither`,
  };
}

/** Undefined where nothing is left undone for another feature's sake. One line for people. */
export function describeSharedRepository(input: FeatureInput): string | undefined {
  const sharer = findRepositorySharer(input.localRepository, input.ownedElsewhere);
  const { feature, localRepository = '', reading } = input;
  if (sharer === undefined || !reading.policy.tagNewAsLocal || reading.policy.isDisabled) return undefined;
  return `${feature}: tag_new_as_local counts as false: ${localRepository} is a repository of ${sharer} too, and a tag for one would be started by the other`;
}
