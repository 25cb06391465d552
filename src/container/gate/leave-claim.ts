import type { Databases } from '../../contract/databases.ts';
import { ownRecord, planReleases, type Claim } from '../../contract/gate/claim.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { RowValues } from '../../contract/rows.ts';
import { isMirrored, planHostStop } from '../../decide/gate/host-mirror.ts';
import { writeFirst } from '../../loop/write-first.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { isContainerStopping } from './agent-word.ts';
import { writeClaimFile, type GatePorts, type GateRequest } from './gate.ts';

/** Where the claim is recorded. */
interface ClaimedStore {
  readonly store: RowStore;
  readonly databases: Databases;
  /** As read for the claim. */
  readonly rows: readonly RowValues[];
}

/**
 * Writes the claim file after the claim is recorded. Without the file nobody would renew the claim, and another container
 * could start beside this one; so if it can't be written, or the container stops, the claim is released. Returns why, or
 * undefined if the file is there. Throws CtrkitError('database').
 */
export async function leaveClaim(
  request: GateRequest,
  ports: GatePorts,
  { store, databases, rows }: ClaimedStore,
): Promise<string | undefined> {
  const hasMirror = isMirrored(rows);
  const why = await writeFile(request, ports, hasMirror);
  if (why === undefined) return undefined;
  const { claim } = request;
  const mirror = hasMirror ? [planHostStop({ feature: claim.feature, asic: databases.asic })] : [];
  const onLeftOut = (problem: string): void => ports.log.warn(`${claim.feature}: not written: ${problem}`);
  await writeFirst(store, planReleases(ownRecord(claim), claim, ports.clock.wallMs()), mirror, onLeftOut);
  return why;
}

async function writeFile(
  request: GateRequest,
  ports: GatePorts,
  hasMirror: boolean,
): Promise<string | undefined> {
  if (await isContainerStopping(ports)) return 'the container stops';
  try {
    writeClaimFile(request, ports, { isRecorded: true, isMirrored: hasMirror });
    return undefined;
  } catch (error) {
    if (!(error instanceof CtrkitError)) throw error;
    return `${error.message}. Mend the folder`;
  }
}

/** The line of a gate that lets the application go. */
export function logGo(log: Log, { feature, version, dockerId }: Claim, source: string): void {
  log.info(`${feature}: go: kube, version ${version}, container ${dockerId}`, { feature, databases: source });
}
