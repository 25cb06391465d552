import type { EngineContainer } from '../../../contract/images/engine.ts';
import type { ImagePolicy } from '../../../contract/images/image-policy.ts';
import { omitPins } from '../../../contract/images/pin.ts';
import { planCleanUp, type CleanUpPlan } from '../../../decide/images/clean-up.ts';
import { planLocalStart, type LocalStartStep } from '../../../decide/images/local-start.ts';
import { decideLocalRepository } from '../../../decide/images/local-repository.ts';
import { listOwnedElsewhere } from '../../../decide/images/owned-elsewhere.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';
import type { LockWatch } from '../watch/lock-watch.ts';
import type { LedgerCache } from './ledger-cache.ts';

export interface CleanUpPorts {
  readonly engine: ContainerEngine;
  readonly ledger: LedgerCache;
  readonly locks: Pick<LockWatch, 'readText'>;
  /** SONiC's list of image names: the local repository of each feature. */
  readonly mappedRepositories: ReadonlyMap<string, string>;
}

/** The clean-up of a feature as of now. Throws CtrkitError('engine'). */
export async function planFeatureCleanUp(
  feature: string,
  policy: ImagePolicy,
  { engine, ledger, locks, mappedRepositories }: CleanUpPorts,
): Promise<CleanUpPlan> {
  const [listed, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
  const containers = omitPins(listed);
  return planCleanUp({
    feature,
    ledger: ledger.read(feature),
    policy,
    images,
    containers,
    localRepository: findLocalRepository(feature, containers, { ledger, mappedRepositories }),
    ownedElsewhere: listOwnedElsewhere(feature, ledger.all, mappedRepositories),
    isLocked: locks.readText(feature) !== undefined,
  });
}

/** Where the switch's own image of the feature is; undefined if it can have none. */
export function findLocalRepository(
  feature: string,
  containers: readonly EngineContainer[],
  { ledger, mappedRepositories }: Pick<CleanUpPorts, 'ledger' | 'mappedRepositories'>,
): string | undefined {
  return decideLocalRepository(feature, {
    mapped: mappedRepositories.get(feature),
    containerImage: containers.find(({ names }) => names.includes(feature))?.image,
    remembered: ledger.read(feature).localRepository,
  });
}

/** What makes the image the one that the next start in local mode runs, as of now. Throws CtrkitError('engine'). */
export async function planFeatureLocalStart(
  feature: string,
  targetId: string,
  { engine, ledger, mappedRepositories }: CleanUpPorts,
): Promise<LocalStartStep[]> {
  const [containers, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
  return planLocalStart({
    feature,
    targetId,
    localRepository: findLocalRepository(feature, containers, { ledger, mappedRepositories }),
    shipped: ledger.read(feature).shipped,
    images,
    containers,
  });
}
