import { ownRecord, planReleases } from '../../contract/gate/claim.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { planReleaseMirror } from '../../decide/gate/heartbeat-writes.ts';
import { writeFirst } from '../../loop/write-first.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { ClaimControllerPorts } from './claim-controller.ts';

/** The agent ends within a second after SIGTERM; where there was no claim to release, all of this is left. */
const LIMIT_MS = 500;
const LOOK_EVERY_MS = 50;

export interface IntendedReleasePorts extends Pick<
  ClaimControllerPorts,
  'findDatabases' | 'openStore' | 'clock' | 'log'
> {
  /** What the gate is about to claim; it is gone when that is in `claim.json`, or given back. */
  readonly claimIntentFile: Pick<ClaimFile, 'read'>;
}

/**
 * The container stops, and its gate may be in the middle of its claim: releases what it has recorded, or waits until it has
 * left its claim, or given it back; at the most for LIMIT_MS. Logs the result; never throws an expected failure. False where the
 * gate was not about to claim.
 */
export async function releaseIntended(ports: IntendedReleasePorts, why: string): Promise<boolean> {
  const { clock, log } = ports;
  const intended = readIntended(ports);
  if (intended === undefined) return false;
  const limit = new AbortController();
  const outOfTime = clock.sleep(LIMIT_MS, limit.signal).then(() => 'out of time');
  const released = releaseOnceRecorded(ports, intended, limit.signal).catch((error: unknown) => {
    if (error instanceof CtrkitError) return error.message;
    throw error;
  });
  const result = await Promise.race([released, outOfTime]);
  limit.abort();
  if (result === true) log.info(`${intended.feature}: released: its gate had just claimed (${why})`);
  else if (result !== false && readIntended(ports)?.token === intended.token)
    log.info(`${intended.feature}: whether its gate has just claimed is not known (${result}, ${why})`);
  return true;
}

/** False where the gate has come to an end of its own. */
async function releaseOnceRecorded(
  ports: IntendedReleasePorts,
  intended: StoredClaim,
  signal: AbortSignal,
): Promise<boolean> {
  const databases = ports.findDatabases(intended.redisUrl);
  const store = ports.openStore(databases, () => {});
  try {
    while (!signal.aborted && readIntended(ports)?.token === intended.token) {
      // That of a record which says `running`, as the claim does. The other one might be tried when the claim has just come.
      const [release] = planReleases(ownRecord(intended), intended, ports.clock.wallMs());
      const releases = release === undefined ? [] : [release];
      if (await writeFirst(store, releases, planReleaseMirror(intended, databases.asic))) return true;
      await ports.clock.sleep(LOOK_EVERY_MS, signal);
    }
    return false;
  } finally {
    store.close();
  }
}

/** What can't be read tells of no claim. */
function readIntended({ claimIntentFile }: IntendedReleasePorts): StoredClaim | undefined {
  try {
    return claimIntentFile.read();
  } catch (error) {
    if (error instanceof CtrkitError) return undefined;
    throw error;
  }
}
