/** Every feature that Kubernetes is to run gets the best image that it has as its local one, before a reboot. */
import { omitPins } from '../../contract/images/pin.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { enabledLabel, labelsRow, versionEnabledLabel } from '../../contract/cluster/feature-labels.ts';
import { CONFIG_FIELDS, decodeConfig, isDisabled } from '../../contract/feature/feature.ts';
import {
  decodeImagePolicy,
  IMAGE_POLICY_FIELDS,
  type ImagePolicy,
} from '../../contract/images/image-policy.ts';
import { FALLBACK_FIELDS, GLOBAL_POLICY, imagePolicyRow } from '../../contract/images/image-policy.ts';
import type { EngineContainer, EngineImage } from '../../contract/images/engine.ts';
import type { FeatureLedger, Ledger } from '../../contract/images/ledger.ts';
import { featureConfigRow, type FieldValues } from '../../contract/rows.ts';
import { decideLock } from '../../decide/feature/decide-lock.ts';
import { listRungs } from '../../decide/images/ladder.ts';
import { selectFeatureLedger } from '../../decide/images/ledger-changes.ts';
import { findLocalImage } from '../../decide/images/local-image.ts';
import { decideLocalRepository } from '../../decide/images/local-repository.ts';
import { listOwnedElsewhere } from '../../decide/images/owned-elsewhere.ts';
import { planLocalTag, type LocalTagInput, type LocalTagPlan } from '../../decide/reboot/plan-local-tag.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import type { Clock } from '../../ports/clock.ts';
import type { BlockReading, BlockStore } from '../../ports/block-store.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { runLocalStartStep } from '../run-local-start-step.ts';

export interface ImagePorts {
  readonly store: Pick<RowStore, 'read'>;
  readonly engine: Pick<ContainerEngine, 'listContainers' | 'listImages' | 'tagImage' | 'removeContainer'>;
  readonly ledger: Pick<LedgerStore, 'read'>;
  readonly locks: Pick<LockStore, 'list'>;
  readonly blocks: Pick<BlockStore, 'list'>;
  readonly clock: Clock;
  /** SONiC's list of local repositories, by feature. */
  readonly mapped: ReadonlyMap<string, string>;
}

/** One line each, for people. */
export interface ProtectedImages {
  /** What was done, or is so already. */
  readonly done: readonly string[];
  /** What was not done, as the configuration says. */
  readonly left: readonly string[];
  /** What should have been done, and could not; and features that can't start without Kubernetes. */
  readonly problems: readonly string[];
}

/** `features` are names of CONFIG_DB FEATURE. Throws CtrkitError('database' | 'engine' | 'disk'). */
export async function protectImages(
  features: readonly string[],
  ports: ImagePorts,
): Promise<ProtectedImages> {
  const known = await readSwitch(ports);
  const done: string[] = [];
  const left: string[] = [];
  const problems: string[] = [];
  for (const feature of features) {
    const ledger = selectFeatureLedger(known.ledger, feature);
    const rows = await readRows(feature, ledger, ports.store);
    if (!rows.isWanted) continue;
    const input = buildInput({ feature, ledger, rows }, known);
    const plan = planLocalTag(input);
    try {
      await carryOut(plan, ports);
      (plan.kind === 'left' ? left : done).push(`${feature}: ${plan.text}`);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      problems.push(`${feature}: ${error.message}`);
    }
    const obstacle = findStartObstacle(input, plan, rows.policy);
    if (obstacle !== undefined) problems.push(`${feature}: ${obstacle}`);
  }
  return { done, left, problems };
}

/** What is the same for every feature. */
interface SwitchFacts {
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
  readonly ledger: Ledger;
  readonly locks: ReadonlyMap<string, string>;
  readonly blocks: BlockReading['blocks'];
  readonly mapped: ReadonlyMap<string, string>;
}

async function readSwitch({
  engine,
  ledger,
  locks,
  blocks,
  clock,
  mapped,
}: ImagePorts): Promise<SwitchFacts> {
  const [listed, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
  const containers = omitPins(listed);
  const now = readTimestamps(clock);
  const active = locks.list().locks.flatMap((lock) => {
    const verdict = decideLock(lock, now);
    return verdict.kind === 'active' ? [[lock.feature, verdict.text] as const] : [];
  });
  return {
    containers,
    images,
    ledger: ledger.read().ledger,
    locks: new Map(active),
    blocks: blocks.list().blocks,
    mapped,
  };
}

interface FeatureFacts {
  /** Kubernetes is to run it. */
  readonly isWanted: boolean;
  readonly policy: ImagePolicy;
  /** The versions on its ladder that are blocked. */
  readonly blockedVersions: ReadonlySet<string>;
}

async function readRows(
  feature: string,
  { golden, previous, shipped }: FeatureLedger,
  store: ImagePorts['store'],
): Promise<FeatureFacts> {
  const versions = [golden, previous, shipped].flatMap((image) => image?.version ?? []);
  const labels = [enabledLabel(feature), ...versions.map((version) => versionEnabledLabel(feature, version))];
  const rows = await store.read([
    { address: featureConfigRow(feature), fields: [...new Set([...CONFIG_FIELDS, ...FALLBACK_FIELDS])] },
    { address: imagePolicyRow(feature), fields: IMAGE_POLICY_FIELDS },
    { address: imagePolicyRow(GLOBAL_POLICY), fields: IMAGE_POLICY_FIELDS },
    { address: labelsRow('state'), fields: labels },
  ]);
  const [config = {}, own = {}, global = {}, found = {}] = rows.map(({ values }): FieldValues => values);
  const { setOwner, state } = decodeConfig(config);
  return {
    isWanted: setOwner === 'kube' && !isDisabled({ state }),
    policy: decodeImagePolicy({ own, global, feature: config }, feature),
    blockedVersions: new Set(
      versions.filter((version) => found[versionEnabledLabel(feature, version)]?.toLowerCase() === 'false'),
    ),
  };
}

interface FeatureOnSwitch {
  readonly feature: string;
  readonly ledger: FeatureLedger;
  readonly rows: FeatureFacts;
}

function buildInput({ feature, ledger, rows }: FeatureOnSwitch, known: SwitchFacts): LocalTagInput {
  const { containers, images, locks, blocks, mapped } = known;
  const ofOperators = (blocks.get(feature) ?? []).map(({ version }) => version);
  const facts = {
    imageIds: new Set(images.map(({ id }) => id)),
    // Also where STATE_DB has lost them.
    blockedVersions: new Set([...rows.blockedVersions, ...ofOperators]),
  };
  return {
    feature,
    policy: rows.policy,
    lockText: locks.get(feature),
    rungs: listRungs(ledger, facts),
    ledger,
    ownedElsewhere: listOwnedElsewhere(feature, known.ledger, mapped),
    localRepository: decideLocalRepository(feature, {
      mapped: mapped.get(feature),
      containerImage: containers.find(({ names }) => names.includes(feature))?.image,
      remembered: ledger.localRepository,
    }),
    containers,
    images,
  };
}

/** In their order: whoever is killed in between does them again. */
async function carryOut(plan: LocalTagPlan, { engine }: ImagePorts): Promise<void> {
  if (plan.kind === 'left') return;
  for (const step of plan.steps) await runLocalStartStep(step, engine);
}

/** Why the feature does not start until Kubernetes deploys it, half a line; undefined if it does. */
function findStartObstacle(
  input: LocalTagInput,
  plan: LocalTagPlan,
  { noFallbackToLocal }: ImagePolicy,
): string | undefined {
  const until = 'it starts only when Kubernetes deploys it';
  if (noFallbackToLocal) return `no_fallback_to_local is true: ${until}`;
  if (plan.kind === 'make-local') return undefined;
  const { feature, containers, images, localRepository } = input;
  const canStart =
    containers.some(({ names }) => names.includes(feature)) ||
    findLocalImage(images, localRepository) !== undefined;
  return canStart ? undefined : `it has no local image: ${until}`;
}
