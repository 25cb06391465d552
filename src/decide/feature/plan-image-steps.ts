/** The steps that keep a feature's images and its ledger in order. Each is what the ledger and the rows still lack. */
import type { CertificationVerdict } from '../../contract/feature/daemon-view.ts';
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { parseReference } from '../../contract/images/image.ts';
import type { FeatureLedger, GoldenImage } from '../../contract/images/ledger.ts';
import { toSeconds, type Timestamps } from '../../contract/timestamps.ts';
import { planCleanUp, type OwnedElsewhere } from '../images/clean-up.ts';
import { choosePrevious, findNextStanding, findStandingRung, type Rung } from '../images/ladder.ts';
import { findLocalImage, findLocalVersion } from '../images/local-image.ts';
import { planLocalStart } from '../images/local-start.ts';
import type { LocalTargetFinding } from '../images/local-target.ts';
import { isOwnChoice, isShippedImage } from '../images/shipped-image.ts';
import type { FeatureReading } from './feature-reading.ts';
import type { HostStep } from './host-step.ts';

/** Call it only while the engine answers: an image that is not listed is taken for gone. */
export interface ImageStepsInput {
  readonly feature: string;
  readonly reading: Pick<
    FeatureReading,
    'config' | 'status' | 'beat' | 'policy' | 'localVersion' | 'stableVersion' | 'lastVersion'
  >;
  readonly ledger: FeatureLedger;
  /** The ladder of that ledger. */
  readonly rungs: readonly Rung[];
  /** What a start in local mode is to run. */
  readonly target: LocalTargetFinding;
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
  readonly localRepository: string | undefined;
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  readonly lockText: string | undefined;
  readonly now: Timestamps;
  /** The recorded container, as the engine shows it. */
  readonly container: EngineContainer | undefined;
  readonly certification: CertificationVerdict;
}

export function planImageSteps(input: ImageStepsInput): HostStep[] {
  const changes = [...planAdoption(input), ...planCertification(input)];
  return [
    ...changes,
    ...planRepository(input),
    ...planLocalRepository(input),
    // What the ladder says after those changes is for the next reconcile.
    ...(changes.length > 0 ? [] : planUpkeep(input)),
    ...planVersions(input),
  ];
}

function planCertification(input: ImageStepsInput): HostStep[] {
  const { container, certification, reading, images, now, rungs } = input;
  if (certification.kind !== 'certified' || container === undefined) return [];
  const image: GoldenImage = {
    imageId: container.imageId,
    references: listReferences(images, container.imageId),
    version: reading.beat.version || reading.status.containerVersion,
    source: 'certified',
    sinceTs: toSeconds(now.wallMs),
  };
  const previous = choosePrevious(rungs, image.imageId);
  return [{ kind: 'certify', image, previous, text: certification.text }];
}

/** The shipped rung follows the local image, as long as it is the switch's own. */
function planAdoption(input: ImageStepsInput): HostStep[] {
  const { feature, ledger, containers, images, localRepository, reading, now } = input;
  const local = findLocalImage(images, localRepository);
  if (local === undefined || local.id === ledger.shipped?.imageId) return [];
  if (!isShippedImage({ feature, local, localRepository, containers, ledger })) return [];
  const image: GoldenImage = {
    imageId: local.id,
    references: listReferences(images, local.id),
    version: findLocalVersion(local.tags, localRepository, reading.localVersion),
    source: 'shipped',
    sinceTs: toSeconds(now.wallMs),
  };
  return [{ kind: 'adopt-shipped', image }];
}

/** Records where a container of Kubernetes came from. Clean-up removes images there, so only a certain answer counts. */
function planRepository({
  container,
  reading,
  images,
  localRepository,
  ledger,
}: ImageStepsInput): HostStep[] {
  if (container === undefined || reading.status.currentOwner !== 'kube') return [];
  const image = images.find(({ id }) => id === container.imageId);
  const repository = findRepository(container, image, localRepository);
  if (repository === undefined || repository === localRepository) return [];
  return ledger.repositories.includes(repository) ? [] : [{ kind: 'record-repository', repository }];
}

/** Without SONiC's list of names, a certification removes the container that tells where the local image is. */
function planLocalRepository({ images, localRepository, ledger }: ImageStepsInput): HostStep[] {
  if (localRepository === undefined || localRepository === ledger.localRepository) return [];
  return findLocalImage(images, localRepository) === undefined
    ? []
    : [{ kind: 'record-local-repository', repository: localRepository }];
}

/**
 * The repository that the container's creation named. kubelet creates by the image's id: then it is where the image was
 * pulled from, or its only name. A second name may have been given by anybody, and its repository may hold other images.
 */
function findRepository(
  container: EngineContainer,
  image: EngineImage | undefined,
  localRepository: string | undefined,
): string | undefined {
  const reference = parseReference(container.image);
  if (reference !== undefined && (reference.tag !== '' || reference.digest !== ''))
    return reference.repository;
  const pulled = listRepositories(image?.digests);
  const named = pulled.length > 0 ? pulled : listRepositories(image?.tags);
  const others = named.filter((repository) => repository !== localRepository);
  return others.length === 1 ? others[0] : undefined;
}

const listRepositories = (references: readonly string[] = []): string[] => [
  ...new Set(references.flatMap((reference) => parseReference(reference)?.repository ?? [])),
];

/** No old image is removed before the one that a local start is to run is the local one. */
function planUpkeep(input: ImageStepsInput): HostStep[] {
  const { reading, lockText } = input;
  // An operator's lock keeps what the next start runs as it is.
  if (reading.policy.isDisabled || lockText !== undefined) return [];
  const steps = planLocal(input);
  return steps.length > 0 ? steps : planRemoval(input);
}

/** Makes the target the image that the next start in local mode runs, whoever has moved the local tag. */
function planLocal(input: ImageStepsInput): HostStep[] {
  const { feature, target, ledger, images, containers, localRepository, reading } = input;
  if ('why' in target) return [];
  const local = findLocalImage(images, localRepository);
  if (isOwnChoice(reading.config.setOwner, { feature, local, localRepository, containers, ledger }))
    return [];
  return planLocalStart({
    feature,
    targetId: target.imageId,
    localRepository,
    shipped: ledger.shipped,
    images,
    containers,
  });
}

/** The same plan that `ctrkit images` shows, if it removes anything. */
function planRemoval(input: ImageStepsInput): HostStep[] {
  const { feature, ledger, reading, images, containers, localRepository, ownedElsewhere } = input;
  const { policy } = reading;
  if (!policy.purgeOlderImage && !policy.purgeLocalCopy) return [];
  const { entries } = planCleanUp({
    feature,
    ledger,
    policy,
    images,
    containers,
    localRepository,
    ownedElsewhere,
    isLocked: false,
  });
  return entries.some(({ action }) => action === 'remove') ? [{ kind: 'clean-up' }] : [];
}

/** Copies the version of the highest standing rung, and that of the next, into STATE_DB where the rows differ. */
function planVersions({ rungs, reading }: ImageStepsInput): HostStep[] {
  const standing = findStandingRung(rungs);
  if (standing === undefined) return [];
  const stableVersion = standing.image.version;
  const lastVersion = findNextStanding(rungs)?.image.version ?? '';
  const isWritten = stableVersion === reading.stableVersion && lastVersion === reading.lastVersion;
  return isWritten ? [] : [{ kind: 'write-versions', stableVersion, lastVersion }];
}

function listReferences(images: readonly EngineImage[], imageId: string): string[] {
  const image = images.find(({ id }) => id === imageId);
  return [...(image?.tags ?? []), ...(image?.digests ?? [])];
}
