/**
 * Before `container start` starts the switch's own container: whether that is made of the image which a start in local mode is to
 * run (contract.md, section 14). Loaded only where the disk has a ledger with the feature.
 */
import { labelsRow, versionEnabledLabel } from '../../../contract/cluster/feature-labels.ts';
import { CONFIG_FIELD } from '../../../contract/feature/feature.ts';
import { encodeStatus, STATUS_FIELD } from '../../../contract/feature/status-fields.ts';
import {
  fastRestartRow,
  isRestartEnabled,
  RESTART_FIELDS,
  warmRestartRow,
} from '../../../contract/feature/switch-rows.ts';
import { shortenId } from '../../../contract/images/engine.ts';
import { shortImageId } from '../../../contract/images/image.ts';
import {
  decodeImagePolicy,
  GLOBAL_POLICY,
  IMAGE_POLICY_FIELDS,
  imagePolicyRow,
} from '../../../contract/images/image-policy.ts';
import { omitPins } from '../../../contract/images/pin.ts';
import {
  featureConfigRow,
  featureStatusRow,
  type FieldValues,
  type RowValues,
  type RowWrite,
} from '../../../contract/rows.ts';
import type { KnownLadder } from '../../../ports/known-ladder.ts';
import {
  planLocalImage,
  type LocalImageInput,
  type LocalImagePlan,
} from '../../../decide/command/plan-local-image.ts';
import { decideLock } from '../../../decide/feature/decide-lock.ts';
import { listOwnedElsewhere } from '../../../decide/images/owned-elsewhere.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import { decideLocalRepository } from '../../../decide/images/local-repository.ts';
import type { ContainerDetails, ContainerEngine } from '../../../ports/container-engine.ts';
import { runLocalStartStep } from '../../run-local-start-step.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';
import { findImageVersion } from './stable-version.ts';

/** A local container that is to be made anew. */
export interface LocalRenewal {
  /** Go with the record of the start: one removal in each boot, so that no start follows another for ever. */
  readonly guards: readonly RowValues[];
  readonly writes: readonly RowWrite[];
  /**
   * Removes the container, once that is written. Resolves with whether it is gone: then the service manager is to start the
   * service once more. Throws nothing.
   */
  readonly carryOut: () => Promise<boolean>;
}

export interface LocalContainer {
  readonly name: string;
  readonly setOwner: string;
  readonly local: ContainerDetails;
  /** The versions that the disk blocks. */
  readonly blocked: ReadonlySet<string>;
}

/** Undefined where it is to be started as it is. Throws CtrkitError('database' | 'engine'). */
export async function findRenewal(
  container: LocalContainer,
  known: KnownLadder,
  store: Pick<RowStore, 'read'>,
  { openEngine, clock, report }: Pick<ContainerPorts, 'openEngine' | 'clock' | 'report'>,
): Promise<LocalRenewal | undefined> {
  const { name, setOwner, local } = container;
  const now = readTimestamps(clock);
  if (known.locks.some((lock) => lock.feature === name && decideLock(lock, now).kind === 'active'))
    return undefined;
  const { guard, ...rows } = await readRows(container, known, store);
  if (guard.values[STATUS_FIELD.localRemovalBootId] === now.bootId) return undefined;
  const engine = await openEngine();
  const [listed, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
  const { own, ledger, mapped } = known;
  const plan = planLocalImage({
    feature: name,
    setOwner,
    ...rows,
    ledger: own,
    localRepository: decideLocalRepository(name, {
      mapped: mapped.get(name),
      containerImage: local.image,
      remembered: own.localRepository,
    }),
    ownedElsewhere: listOwnedElsewhere(name, ledger, mapped),
    images,
    containers: omitPins(listed),
  });
  if (plan === undefined) return undefined;
  const values = encodeStatus({ localRemovalBootId: now.bootId });
  return {
    guards: [guard],
    writes: [{ kind: 'set', address: guard.address, values }],
    carryOut: () => carryOut(container, plan, { engine, report }),
  };
}

type Rows = Pick<LocalImageInput, 'autoRestart' | 'policy' | 'isRestartAnnounced' | 'blockedVersions'> & {
  readonly guard: RowValues;
};

async function readRows(
  { name, blocked }: LocalContainer,
  { own: { golden, previous, shipped } }: KnownLadder,
  store: Pick<RowStore, 'read'>,
): Promise<Rows> {
  const versions = [golden, previous, shipped].flatMap((image) => image?.version ?? []);
  const labels = versions.map((version) => versionEnabledLabel(name, version));
  const rows = await store.read([
    { address: featureStatusRow(name), fields: [STATUS_FIELD.localRemovalBootId] },
    { address: featureConfigRow(name), fields: [CONFIG_FIELD.autoRestart] },
    { address: imagePolicyRow(name), fields: IMAGE_POLICY_FIELDS },
    { address: imagePolicyRow(GLOBAL_POLICY), fields: IMAGE_POLICY_FIELDS },
    { address: labelsRow('state'), fields: [...new Set(labels)] },
    { address: warmRestartRow, fields: RESTART_FIELDS },
    { address: { ...warmRestartRow, row: name }, fields: RESTART_FIELDS },
    { address: fastRestartRow, fields: RESTART_FIELDS },
  ]);
  const [, config = {}, own = {}, global = {}, found = {}, ...restarts] = rows.map(
    ({ values }): FieldValues => values,
  );
  const isBlocked = (version: string): boolean =>
    found[versionEnabledLabel(name, version)]?.toLowerCase() === 'false';
  return {
    guard: rows[0] ?? { address: featureStatusRow(name), values: {} },
    autoRestart: config[CONFIG_FIELD.autoRestart],
    policy: decodeImagePolicy({ own, global, feature: {} }, name),
    isRestartAnnounced: restarts.some((values) => isRestartEnabled(values)),
    blockedVersions: new Set([...blocked, ...versions.filter((version) => isBlocked(version))]),
  };
}

async function carryOut(
  { name, local }: LocalContainer,
  { target, localName, steps }: LocalImagePlan,
  { engine, report }: { readonly engine: ContainerEngine; readonly report: ContainerPorts['report'] },
): Promise<boolean> {
  const what = `${name}: the container ${shortenId(local.id)} is made from version ${findImageVersion(local.environment) || shortImageId(local.imageId)}, not of the ${target.rung} version ${target.version}`;
  try {
    for (const step of steps) await runLocalStartStep(step, engine);
    if ((await engine.findContainer(local.id)) !== undefined) return false;
    report(`${what}: removed; the next start of the service makes a new one, from ${localName}`);
    return true;
  } catch (error) {
    report(`${what}: it is started all the same: ${(error as Error).message}`);
    return false;
  }
}
