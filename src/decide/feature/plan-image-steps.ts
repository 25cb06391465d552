/** The steps that keep a feature's images and its ledger in order. Each is what the ledger and the rows still lack. */
import type { CertificationVerdict } from '../../contract/feature/daemon-view.ts';
import { RUNNING_STATES, type EngineContainer, type EngineImage } from '../../contract/images/engine.ts';
import { parseReference } from '../../contract/images/image.ts';
import type { FeatureLedger, GoldenImage } from '../../contract/images/ledger.ts';
import { NO_VERSION } from '../../contract/names.ts';
import { toSeconds, type Timestamps } from '../../contract/timestamps.ts';
import { choosePrevious, findNextStanding, findStandingRung, type Rung } from '../images/ladder.ts';
import { findBuildVersion, findLocalImage } from '../images/local-image.ts';
import { isShippedImage } from '../images/shipped-image.ts';
import type { FeatureReading } from './feature-reading.ts';
import type { HostStep } from './host-step.ts';

/** Call it only while the engine answers: an image that is not listed is taken for gone. */
export interface ImageStepsInput {
  readonly feature: string;
  readonly reading: Pick<
    FeatureReading,
    'status' | 'beat' | 'policy' | 'localVersion' | 'stableVersion' | 'lastVersion'
  >;
  readonly ledger: FeatureLedger;
  /** The ladder of that ledger. */
  readonly rungs: readonly Rung[];
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
  readonly localRepository: string | undefined;
  readonly lockText: string | undefined;
  readonly now: Timestamps;
  /** The recorded container, as the engine shows it. */
  readonly container: EngineContainer | undefined;
  readonly certification: CertificationVerdict;
}

export function planImageSteps(input: ImageStepsInput): HostStep[] {
  const certification = planCertification(input);
  return [
    ...planAdoption(input),
    ...planRepository(input),
    // A new golden image brings duties of its own, and makes those of the old one void.
    ...(certification.length > 0 ? certification : planDuties(input)),
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
    version: findBuildVersion(local.tags, localRepository) ?? (reading.localVersion || NO_VERSION),
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

/** The next duty of the last certification, in this order: no old image is removed before the new one is the local one. */
function planDuties(input: ImageStepsInput): HostStep[] {
  const { ledger, images, localRepository, lockText, reading } = input;
  const { golden, duties } = ledger;
  const isThere = golden !== undefined && images.some(({ id }) => id === golden.imageId);
  // An operator's lock keeps what the next start runs as it is.
  if (!isThere || reading.policy.isDisabled || lockText !== undefined) return [];
  if (duties.tagAsLocal && localRepository !== undefined)
    return [{ kind: 'tag-as-local', imageId: golden.imageId, repository: localRepository }];
  const removal = duties.removeLocalContainer ? planContainerRemoval(input, golden) : [];
  if (removal.length > 0) return removal;
  return duties.cleanUp ? [{ kind: 'clean-up' }] : [];
}

/** Empty while the local container of the old image runs: its stop is an event of the engine, and reconciles again. */
function planContainerRemoval({ containers, feature }: ImageStepsInput, golden: GoldenImage): HostStep[] {
  const local = containers.find(({ names }) => names.includes(feature));
  if (local === undefined || local.imageId === golden.imageId)
    return [{ kind: 'mark-duty-done', duty: 'removeLocalContainer', text: '' }];
  return RUNNING_STATES.has(local.state) ? [] : [{ kind: 'remove-local-container', containerId: local.id }];
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
