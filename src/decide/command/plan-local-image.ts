/**
 * What `container start` does about a local container of another image than the one that a start in local mode is to run
 * (contract.md, section 14, "The ladder before any daemon runs"). Whatever is odd leaves the container as it is: a feature that
 * does not start is worse than an older version.
 */
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import { LOCAL_TAG } from '../../contract/images/image.ts';
import type { ImagePolicy } from '../../contract/images/image-policy.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import { listRungs } from '../images/ladder.ts';
import { findLocalImage } from '../images/local-image.ts';
import { planLocalStart, type LocalStartStep } from '../images/local-start.ts';
import { findLocalTarget, type LocalTarget } from '../images/local-target.ts';
import type { OwnedElsewhere } from '../images/clean-up.ts';
import { findRepositorySharer } from '../images/owned-elsewhere.ts';
import { isOwnChoice, isShippedImage } from '../images/shipped-image.ts';

export interface LocalImageInput {
  readonly feature: string;
  readonly setOwner: string;
  /** Of CONFIG_DB; undefined if there is none. */
  readonly autoRestart: string | undefined;
  readonly policy: Pick<ImagePolicy, 'isDisabled' | 'tagNewAsLocal'>;
  /** A warm or fast reboot, or a warm restart of the feature, is announced: nothing may delay the start. */
  readonly isRestartAnnounced: boolean;
  readonly blockedVersions: ReadonlySet<string>;
  readonly ledger: FeatureLedger;
  readonly localRepository: string | undefined;
  readonly ownedElsewhere: readonly OwnedElsewhere[];
  /** All that the engine has, without pins. */
  readonly images: readonly EngineImage[];
  readonly containers: readonly EngineContainer[];
}

export interface LocalImagePlan {
  readonly target: LocalTarget;
  /** `<local repository>:latest`, which the next container is made from. */
  readonly localName: string;
  /** The removal of the container is the last one. */
  readonly steps: readonly LocalStartStep[];
}

/** The service manager starts such a service again, whatever it ended with (SONiC's featured writes `Restart=` by this). */
const RESTARTING: ReadonlySet<string> = new Set(['enabled', 'always_enabled']);

/** Undefined where the container is to be started as it is. */
export function planLocalImage(input: LocalImageInput): LocalImagePlan | undefined {
  const { feature, ledger, localRepository, images, containers } = input;
  if (!mayAct(input) || localRepository === undefined) return undefined;
  if (findRepositorySharer(localRepository, input.ownedElsewhere) !== undefined) return undefined;
  const local = findLocalImage(images, localRepository);
  const owned = { feature, local, localRepository, containers, ledger };
  if (isOwnChoice(input.setOwner, owned) || isToBeAdopted(input, local)) return undefined;
  const target = findTarget(input, local);
  if (target === undefined) return undefined;
  const { imageId: targetId } = target;
  const { shipped } = ledger;
  const isStarting = true;
  const steps = planLocalStart({
    feature,
    targetId,
    localRepository,
    shipped,
    images,
    containers,
    isStarting,
  });
  if (steps.at(-1)?.kind !== 'remove-local-container' || losesLastName(steps, local)) return undefined;
  return { target, localName: `${localRepository}:${LOCAL_TAG}`, steps };
}

const mayAct = ({ feature, autoRestart = '', policy, isRestartAnnounced }: LocalImageInput): boolean =>
  feature !== 'database' && RESTARTING.has(autoRestart) && !policy.isDisabled && !isRestartAnnounced;

/** ctrkitd takes it for the shipped image at its next look: what is the target then is not known yet. */
const isToBeAdopted = (
  { feature, ledger, localRepository, containers }: LocalImageInput,
  local: EngineImage | undefined,
): boolean =>
  local !== undefined &&
  local.id !== ledger.shipped?.imageId &&
  isShippedImage({ feature, local, localRepository, containers, ledger });

function findTarget(
  { feature, ledger, policy, images, blockedVersions }: LocalImageInput,
  local: EngineImage | undefined,
): LocalTarget | undefined {
  const rungs = listRungs(ledger, { imageIds: new Set(images.map(({ id }) => id)), blockedVersions });
  const { tagNewAsLocal } = policy;
  const found = findLocalTarget({ feature, rungs, tagNewAsLocal, local, localVersion: '', ledger });
  // An image of which nobody knows where it came from is no reason to remove anything.
  return 'why' in found || found.rung === 'local' ? undefined : found;
}

/** Only ctrkitd, which writes it down, takes the last name of an image: clean-up would not find it. */
const losesLastName = (steps: readonly LocalStartStep[], local: EngineImage | undefined): boolean =>
  local !== undefined &&
  local.tags.length + local.digests.length < 2 &&
  steps.some(({ kind }) => kind === 'tag-as-local') &&
  !steps.some((step) => step.kind === 'name-image' && step.imageId === local.id);
