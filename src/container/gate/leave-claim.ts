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

/** If a file of the run folder can't be written, the next try at once would fail in the same way. */
export const NO_FILE_PAUSE_MS = 10_000;
/** What forbids a process, a limit say, lasts; and for each claim the host may stop another container. */
const NO_RENEWAL_PAUSE_MS = 60_000;

/** Where the claim is recorded. */
interface ClaimedStore {
  readonly store: RowStore;
  readonly databases: Databases;
  /** As read for the claim. */
  readonly rows: readonly RowValues[];
}

/** Why the application may not start, and when to ask again. */
export interface NotLeft {
  readonly text: string;
  readonly againAfterMs: number;
}

/**
 * Writes the claim file after the claim is recorded, and sees to it that somebody renews the claim: without both another
 * container could start beside this one. Where one fails, or the container stops, the claim is released. `onPlaced` is called
 * when the claim is in the file, or given back. Returns undefined if the application may start. Throws CtrkitError('database').
 */
export async function leaveClaim(
  request: GateRequest,
  ports: GatePorts,
  claimed: ClaimedStore,
  onPlaced: () => void,
): Promise<NotLeft | undefined> {
  const problem = await writeFile(request, ports, isMirrored(claimed.rows));
  if (problem !== undefined) await release(request, ports, claimed);
  onPlaced();
  if (problem !== undefined) return describeNotLeft(`the claim is given back: ${problem}`, NO_FILE_PAUSE_MS);
  const noRenewal = (await ports.ensureRenewal?.()) ?? '';
  if (noRenewal === '') return undefined;
  // What the claim's gate let go before may run, and be kept by somebody.
  if (request.isResumed === true)
    return describeNotLeft(`nobody renews the claim: ${noRenewal}`, NO_RENEWAL_PAUSE_MS);
  ports.claimFile.remove();
  await release(request, ports, claimed);
  return describeNotLeft(
    `nobody would renew the claim, and it is given back: ${noRenewal}`,
    NO_RENEWAL_PAUSE_MS,
  );
}

const describeNotLeft = (why: string, againAfterMs: number): NotLeft => ({
  text: `not started: ${why}; asking again every ${againAfterMs / 1000} s`,
  againAfterMs,
});

async function release(
  { claim }: GateRequest,
  { clock, log }: GatePorts,
  { store, databases, rows }: ClaimedStore,
): Promise<void> {
  const { feature } = claim;
  const mirror = isMirrored(rows) ? [planHostStop({ feature, asic: databases.asic })] : [];
  const onLeftOut = (problem: string): void => log.warn(`${feature}: not written: ${problem}`);
  await writeFirst(store, planReleases(ownRecord(claim), claim, clock.wallMs()), mirror, onLeftOut);
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
