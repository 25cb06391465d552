/** From verdicts to steps. Each step is what is still to be done as of this look: the ledger and the rows say so. */
import type { CertificationVerdict, FallbackVerdict } from '../../contract/feature/daemon-view.ts';
import { RUNNING_STATES, type EngineContainer, type EngineImage } from '../../contract/images/engine.ts';
import { parseReference } from '../../contract/images/image.ts';
import type { Fallback, GoldenImage } from '../../contract/images/ledger.ts';
import { isVersion, NO_VERSION } from '../../contract/names.ts';
import { isDownByItself } from '../../contract/feature/unit-state.ts';
import { featureConfigRow, featureStatusRow, type RowValues } from '../../contract/rows.ts';
import { findOpenFallback } from '../images/ledger-changes.ts';
import { findBuildVersion, findLocalImage } from '../images/local-image.ts';
import type { HostStep } from './host-step.ts';
import type { FeatureInput } from './feature-input.ts';

interface OfImages {
  /** The recorded one, as the engine has it. */
  readonly container: EngineContainer | undefined;
  readonly certification: CertificationVerdict;
}

/** Not to be called while the engine is away. */
export function planImageSteps(situation: FeatureInput, { container, certification }: OfImages): HostStep[] {
  const { ledger, reading } = situation;
  const steps = [...planAdoption(situation), ...planRepository(situation, container)];
  if (certification.kind === 'certified' && container !== undefined)
    steps.push({
      kind: 'certify',
      image: describeImage(situation, container.imageId, {
        version: reading.beat.version || reading.status.containerVersion,
        source: 'certified',
      }),
      text: certification.text,
    });
  // A new golden image brings duties of its own; the old one's are void.
  else steps.push(...planDuties(situation));
  const { golden, previous } = ledger;
  const isMirrored =
    golden === undefined ||
    (golden.version === reading.stableVersion && (previous?.version ?? '') === reading.lastVersion);
  if (!isMirrored)
    steps.push({ kind: 'mirror', stableVersion: golden.version, lastVersion: previous?.version ?? '' });
  return steps;
}

/** No golden image yet, or one that somebody has removed: the switch's own is it. */
function planAdoption(situation: FeatureInput): HostStep[] {
  const { ledger, engine, localRepository } = situation;
  const local = findLocalImage(engine.images, localRepository);
  const isThere =
    ledger.golden !== undefined && engine.images.some(({ id }) => id === ledger.golden?.imageId);
  // An image with an open fallback is never adopted.
  if (local === undefined || isThere || findOpenFallback(ledger, local.id) !== undefined) return [];
  const version =
    findBuildVersion(local.tags, localRepository) ?? (situation.reading.localVersion || NO_VERSION);
  return [
    { kind: 'adopt-shipped', image: describeImage(situation, local.id, { version, source: 'shipped' }) },
  ];
}

/** Where a container of Kubernetes came from: clean-up will look there, so what is not certain is not remembered. */
function planRepository(
  { ledger, engine, localRepository, reading }: FeatureInput,
  container: EngineContainer | undefined,
): HostStep[] {
  if (container === undefined || reading.status.currentOwner !== 'kube') return [];
  const repository = findRepository(
    container,
    engine.images.find(({ id }) => id === container.imageId),
    localRepository,
  );
  if (repository === undefined || repository === localRepository) return [];
  return ledger.repositories.includes(repository) ? [] : [{ kind: 'remember-repository', repository }];
}

/**
 * As it was written when the container was made. kubelet makes it by the image's id: then from where the image was pulled,
 * or its only name; a second name may have been given by anybody, and the rest of that repository is not ours.
 */
function findRepository(
  { image: written }: EngineContainer,
  image: EngineImage | undefined,
  localRepository: string | undefined,
): string | undefined {
  const reference = parseReference(written);
  if (reference !== undefined && (reference.tag !== '' || reference.digest !== ''))
    return reference.repository;
  const repositoriesOf = (names: readonly string[] = []): string[] => [
    ...new Set(names.flatMap((name) => parseReference(name)?.repository ?? [])),
  ];
  const pulled = repositoriesOf(image?.digests);
  const named = pulled.length > 0 ? pulled : repositoriesOf(image?.tags);
  const others = named.filter((repository) => repository !== localRepository);
  return others.length === 1 ? others[0] : undefined;
}

function planDuties(situation: FeatureInput): HostStep[] {
  const { ledger, engine, feature, localRepository, lockText, reading } = situation;
  const { golden, duties } = ledger;
  const isThere = golden !== undefined && engine.images.some(({ id }) => id === golden.imageId);
  // Under a lock the next start is to run what it would have run.
  if (!isThere || reading.policy.isDisabled || lockText !== undefined) return [];
  // In this order: nothing of the old image goes before the new one is the local one.
  if (duties.tagAsLocal && localRepository !== undefined)
    return [{ kind: 'tag-as-local', imageId: golden.imageId, repository: localRepository }];
  if (duties.removeLocalContainer) {
    const local = engine.containers.find(({ names }) => names.includes(feature));
    const isOld = local !== undefined && local.imageId !== golden.imageId;
    if (!isOld) return [{ kind: 'strike-out', duty: 'removeLocalContainer', text: '' }];
    // It runs, so this is for later: the next stop is an event of the engine.
    if (!RUNNING_STATES.has(local.state)) return [{ kind: 'remove-local-container', containerId: local.id }];
  }
  return duties.cleanUp ? [{ kind: 'clean-up' }] : [];
}

interface OfFallback {
  readonly verdict: FallbackVerdict;
  /** The image to blame, with its version; undefined if there is none. */
  readonly blamed: { readonly imageId: string; readonly version: string } | undefined;
  readonly container: EngineContainer | undefined;
}

export function planFallbackSteps(
  situation: FeatureInput,
  { verdict, blamed, container }: OfFallback,
): HostStep[] {
  const { ledger, reading, feature, lockText, engine } = situation;
  const steps: HostStep[] = [];
  for (const fallback of ledger.fallbacks) {
    const label = reading.blocks[fallback.version]?.toLowerCase() ?? '';
    if (!fallback.isDone) {
      // Who runs now, the engine alone can tell: another image is not to be restarted for it.
      if (lockText === undefined && !engine.isAway)
        steps.push({
          kind: 'finish-fallback',
          fallback,
          isRestartDue: isRestartDue(situation, fallback, container),
        });
    } else if (label === 'true')
      steps.push({ kind: 'lift', imageId: fallback.imageId, version: fallback.version });
    else if (label !== 'false') steps.push({ kind: 'block', version: fallback.version });
  }
  if (verdict.kind !== 'fall-back') return steps;
  const fallback = blamed && describeFallback(situation.now, blamed, verdict.text);
  const isServiceDown = reading.status.systemState !== 'up';
  const { text } = verdict;
  return [
    ...steps,
    { kind: 'fall-back', fallback, guards: listGuards(feature, reading), isServiceDown, text },
  ];
}

/** Nobody has stopped the service, nobody else's container has come in between, and it was decided in this boot. */
function isRestartDue(
  { reading, unit, now }: FeatureInput,
  { imageId, bootId }: Fallback,
  container: EngineContainer | undefined,
): boolean {
  const { config, status } = reading;
  const isOthers = container !== undefined && container.imageId !== imageId;
  // The fallback itself writes that the service is down; a stop by hand would have ended the container too.
  const isCutShort = container !== undefined && RUNNING_STATES.has(container.state);
  const isWanted = status.systemState === 'up' || isCutShort || isDownByItself(unit);
  return config.setOwner === 'kube' && bootId === now.bootId && isWanted && !isOthers;
}

/** What a fallback was decided upon: a stop by hand, or another container, comes first. */
function listGuards(feature: string, { statusValues, config }: FeatureInput['reading']): RowValues[] {
  const fields = ['system_state', 'claim_token', 'current_owner'];
  const values = Object.fromEntries(fields.map((field) => [field, statusValues[field]]));
  return [
    { address: featureStatusRow(feature), values },
    { address: featureConfigRow(feature), values: { set_owner: config.setOwner } },
  ];
}

function describeFallback(
  now: FeatureInput['now'],
  { imageId, version: blamedVersion }: NonNullable<OfFallback['blamed']>,
  reason: string,
): Fallback {
  const sinceTs = Math.floor(now.wallMs / 1_000);
  // It becomes part of a label's name, and comes from a row that anybody may write.
  const version = isVersion(blamedVersion) ? blamedVersion : NO_VERSION;
  return { imageId, version, reason, sinceTs, bootId: now.bootId, bootMs: now.bootMs, isDone: false };
}

function describeImage(
  { engine, now }: FeatureInput,
  imageId: string,
  { version, source }: Pick<GoldenImage, 'version' | 'source'>,
): GoldenImage {
  const image = engine.images.find(({ id }) => id === imageId);
  const references = [...(image?.tags ?? []), ...(image?.digests ?? [])];
  return { imageId, references, version, source, sinceTs: Math.floor(now.wallMs / 1_000) };
}
