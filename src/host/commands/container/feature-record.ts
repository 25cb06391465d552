/** Reads and clears the record of a feature, and finds the container on record. */
import { CtrkitError } from '../../../contract/errors.ts';
import { featureStatusRow, type RowFields } from '../../../contract/rows.ts';
import { decodeStatus, STATUS_FIELDS, type FeatureStatus } from '../../../contract/feature/feature.ts';
import {
  decodeHostSnapshot,
  selectHostRows,
  type HostSnapshot,
} from '../../../decide/command/host-snapshot.ts';
import { isRecordOf, planClear } from '../../../decide/command/plan-writes.ts';
import { describeConflicts, CONFLICT, retryOnConflict } from '../../../loop/retry-on-conflict.ts';
import { writeFirst } from '../../../loop/write-first.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerDetails, ContainerEngine } from '../../../ports/container-engine.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

/** Throws CtrkitError('database'). */
export const readSnapshot = async (store: RowStore, name: string): Promise<HostSnapshot> =>
  decodeHostSnapshot(await store.read(selectHostRows(name)));

/** Says which rows count as empty, as they can't be read. */
export function reportUnread(
  name: string,
  { problems }: HostSnapshot,
  { report }: Pick<ContainerPorts, 'report'>,
): void {
  for (const problem of problems) report(`${name}: not read: ${problem}`);
}

/** For a write of several rows: says which of them was left out. */
export const reportLeftOut =
  (name: string, { report }: Pick<ContainerPorts, 'report'>) =>
  (problem: string): void =>
    report(`${name}: not written: ${problem}`);

/** The first of `ids` that runs; else the first that the engine knows; else undefined. Throws CtrkitError('engine'). */
export async function findRecordedContainer(
  engine: ContainerEngine,
  ids: readonly string[],
): Promise<ContainerDetails | undefined> {
  let found: ContainerDetails | undefined;
  for (const id of ids) {
    const container = await engine.findContainer(id);
    if (container?.state === 'running') return container;
    found ??= container;
  }
  return found;
}

/**
 * Clears the record of a container that has ended. `before` is the record as it was while that container ran: where it is
 * another container's by now, it stays, and that container's id is returned. Throws CtrkitError('database').
 */
export async function clearRecord(
  name: string,
  before: FeatureStatus,
  store: RowStore,
  clock: Clock,
): Promise<string | undefined> {
  const wanted: RowFields = { address: featureStatusRow(name), fields: STATUS_FIELDS };
  const another = await retryOnConflict(async () => {
    const [row] = await store.read([wanted]);
    const now = decodeStatus(row?.values ?? {});
    if (!isRecordOf(before, now)) return now.dockerId;
    const clears = planClear(name, row?.values ?? {}, clock.wallMs());
    return (await writeFirst(store, clears)) ? undefined : CONFLICT;
  });
  if (another !== CONFLICT) return another;
  throw new CtrkitError('database', describeConflicts(name, ' and is not cleared: try again'));
}
