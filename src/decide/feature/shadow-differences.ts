/**
 * Where a shadow and the shipped daemon beside it come to different conclusions (sonic.md, "State machine as shipped",
 * "Image tags"): which version is stable, which image is tagged as the local one, which images are removed, and when
 * Kubernetes is given up on.
 */
import type { FallbackVerdict, FeatureView } from '../../contract/feature/daemon-view.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { GoldenImage } from '../../contract/images/ledger.ts';
import { describeDuration } from '../../text/duration-text.ts';
import { findStandingRung, listImageIds, listRungs, type Rung, type RungName } from '../images/ladder.ts';
import { findLocalImage } from '../images/local-image.ts';
import type { FeatureInput } from './feature-input.ts';

/** One line for people. */
export interface ShadowFinding {
  /** False where the shipped daemon has done what ctrkit would not have, or the reverse. */
  readonly isAgreement: boolean;
  readonly text: string;
}

/** What the comparison keeps from one reconcile to the next. */
export interface ShadowMemory {
  readonly stableVersion: string;
  readonly remoteState: string;
  readonly systemState: string;
  /** The images that ctrkit never removes. */
  readonly rungs: readonly Rung[];
  /** The highest of them that stands. */
  readonly golden: GoldenImage | undefined;
  readonly localImageId: string | undefined;
  /** All images of the engine's last answer; undefined before the first. */
  readonly imageIds: ReadonlySet<string> | undefined;
  readonly fallback: FallbackVerdict['kind'];
  /** The fallback that ctrkit would have done, `atMs` on the boot clock; kept until the shipped side does it or another version runs. */
  readonly fellBack: { readonly version: string; readonly atMs: number } | undefined;
}

type ComparedView = Pick<FeatureView, 'version' | 'certification' | 'fallback'>;

interface Compared {
  readonly before: ShadowMemory;
  readonly after: ShadowMemory;
  readonly input: FeatureInput;
  readonly view: ComparedView;
}

/** `before` is undefined for the first reconcile, for which there is nothing to compare with. */
export function compareShadow(
  before: ShadowMemory | undefined,
  input: FeatureInput,
  view: ComparedView,
): { readonly memory: ShadowMemory; readonly findings: readonly ShadowFinding[] } {
  const memory = updateMemory(before, input, view);
  if (before === undefined) return { memory, findings: [] };
  const compared = { before, after: memory, input, view };
  const findings = [
    ...compareStable(compared),
    ...compareLocal(compared),
    ...compareImages(compared),
    ...compareGiveUp(compared),
    ...compareService(compared),
  ];
  const isOver = hasGivenUp(compared);
  return { memory: isOver ? { ...memory, fellBack: undefined } : memory, findings };
}

function updateMemory(
  before: ShadowMemory | undefined,
  input: FeatureInput,
  view: ComparedView,
): ShadowMemory {
  const { reading, ledger, engine, now } = input;
  const { fallback } = view;
  // Nothing runs between two starts of a container that crashes.
  const version = view.version || reading.status.containerVersion;
  const isFalling = fallback.kind === 'fall-back' && before?.fallback !== 'fall-back';
  const rungs = listRungs(ledger, {
    imageIds: listImageIds(engine),
    blockedVersions: input.blockedVersions,
  });
  const isAnother = version !== before?.fellBack?.version;
  return {
    stableVersion: reading.stableVersion,
    remoteState: reading.status.remoteState,
    systemState: reading.status.systemState,
    rungs,
    golden: findStandingRung(rungs)?.image,
    localImageId: engine.isAway
      ? before?.localImageId
      : findLocalImage(engine.images, input.localRepository)?.id,
    imageIds: engine.isAway ? before?.imageIds : new Set(engine.images.map(({ id }) => id)),
    fallback: fallback.kind,
    fellBack: isFalling ? { version, atMs: now.bootMs } : isAnother ? undefined : before?.fellBack,
  };
}

function compareStable({ before, after, view }: Compared): ShadowFinding[] {
  const { golden, stableVersion } = after;
  const isCertifiedNow = golden?.source === 'certified' && golden.imageId !== before.golden?.imageId;
  const theirs = stableVersion === '' ? 'no version' : `version ${stableVersion}`;
  if (stableVersion !== before.stableVersion) {
    const said = `the shipped daemon counts ${theirs} as stable`;
    return golden?.version === stableVersion
      ? [createAgreement(`${said}, and so would ctrkit`)]
      : [createDifference(`${said}; ${describeGolden(golden)}: ${view.certification.text}`)];
  }
  if (!isCertifiedNow) return [];
  const said = `ctrkit would have version ${golden.version} golden`;
  return golden.version === stableVersion
    ? [createAgreement(`${said}, and so the shipped daemon had it`)]
    : [createDifference(`${said}; the shipped daemon counts ${theirs} as stable so far`)];
}

/** The local image is what a fallback, and the next reboot, starts. */
function compareLocal({ before, after, input, view }: Compared): ShadowFinding[] {
  const { localImageId: id, golden } = after;
  if (before.imageIds === undefined || id === before.localImageId) return [];
  const name = `${input.localRepository ?? ''}:latest`;
  if (id === undefined)
    return [createDifference(`${name} is gone, there is no local image; ctrkit never takes that name away`)];
  const said = `${name} is image ${shortImageId(id)} now`;
  if (id === golden?.imageId) return [createAgreement(`${said}, which is the golden one for ctrkit too`)];
  return [
    createDifference(
      `${said}; ctrkit would not have tagged it, ${describeGolden(golden)}: ${view.certification.text}`,
    ),
  ];
}

const RUNG_TEXTS: Readonly<Record<RungName, string>> = {
  golden: 'the golden one',
  previous: 'the golden one before',
  shipped: 'the shipped one',
};

/** What ctrkit would go back to. */
function compareImages({ before, after }: Compared): ShadowFinding[] {
  return before.rungs.flatMap(({ name: rung, image }) => {
    const isGone =
      before.imageIds?.has(image.imageId) === true && after.imageIds?.has(image.imageId) === false;
    if (!isGone) return [];
    const name = `image ${shortImageId(image.imageId)}, version ${image.version},`;
    return [createDifference(`${name} is removed; ctrkit would have kept it: it is ${RUNG_TEXTS[rung]}`)];
  });
}

const STATES_OF_KUBE: ReadonlySet<string> = new Set(['pending', 'ready', 'running', 'stopped']);

const hasGivenUp = ({ before, after, input }: Compared): boolean =>
  input.reading.config.setOwner === 'kube' &&
  after.remoteState === 'none' &&
  STATES_OF_KUBE.has(before.remoteState);

function compareGiveUp(compared: Compared): ShadowFinding[] {
  const { before, after, input, view } = compared;
  if (hasGivenUp(compared)) {
    const said = 'the shipped side gave up on Kubernetes (remote_state is none)';
    if (after.fellBack === undefined)
      return [createDifference(`${said}; ctrkit would not have: ${view.fallback.text}`)];
    const laterMs = input.now.bootMs - after.fellBack.atMs;
    return [createAgreement(`${said}, ${describeDuration(laterMs)} after ctrkit would have fallen back`)];
  }
  const isFalling = after.fellBack !== undefined && after.fellBack !== before.fellBack;
  if (!isFalling || after.remoteState === 'none') return [];
  const state = after.remoteState || '(none)';
  return [
    createDifference(
      `ctrkit would fall back to local; the shipped side has not so far, remote_state is ${state}`,
    ),
  ];
}

/** Whoever restarts it, beside the line on what ctrkit would have restarted. */
function compareService({ before, after }: Compared): ShadowFinding[] {
  if (before.systemState === after.systemState || before.systemState === '') return [];
  const word = after.systemState === 'up' ? 'started' : 'stopped';
  return [createAgreement(`its service was ${word} (system_state is ${after.systemState || '(none)'})`)];
}

const describeGolden = (golden: GoldenImage | undefined): string =>
  golden === undefined
    ? 'ctrkit has none golden'
    : `ctrkit has version ${golden.version} golden, image ${shortImageId(golden.imageId)}`;

const createAgreement = (text: string): ShadowFinding => ({ isAgreement: true, text });
const createDifference = (text: string): ShadowFinding => ({ isAgreement: false, text });
