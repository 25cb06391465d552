import {
  ownRecord,
  planClaim,
  planLocalLabel,
  planNoClaim,
  planReleases,
} from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { Backoff, DATABASE_BACKOFF } from '../../loop/backoff.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { LimitedLog } from '../../loop/limited-log.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { writeFirst } from '../../loop/write-first.ts';
import { isContainerStopping, STOPPING_PAUSE_MS } from './agent-word.ts';
import { LateNotice } from './late-notice.ts';
import { writeClaimFile, type GatePorts, type GateRequest, type GateResult } from './gate.ts';

/** A gate whose start.sh is gone ends within this time. */
const ORPHAN_POLL_MS = 1_000;
/** A claim that this start holds need not be recorded anew: nobody waits for a database that hangs. */
const RESUMED_LIMIT_MS = 500;
const KEPT = 'Starting; this container holds the claim, and the agent renews it';
const UNRECORDED = 'Starting without a record; the agent makes it as soon as the database is back';

/**
 * The gate of owner local: it claims the feature, whoever had it before, and lets the application start. It fails open:
 * without a database it waits `localDbWaitMs` and then starts the application without a record, because a switch without
 * its feature is worse than a feature without its record (contract.md, section 3). Where this start holds the claim already,
 * it does not wait: the agent renews it.
 */
export async function runLocalGate(request: GateRequest, unlimited: GatePorts): Promise<GateResult> {
  const ports = { ...unlimited, log: new LimitedLog(unlimited.log, unlimited.clock) };
  const notice = new LateNotice(ports);
  let result: GateResult | undefined;
  try {
    result = await claimOrGiveUp(request, ports, notice);
    return result;
  } finally {
    notice.end(result === 'go');
  }
}

async function claimOrGiveUp(
  request: GateRequest,
  ports: GatePorts,
  notice: LateNotice,
): Promise<GateResult> {
  const { clock, log } = ports;
  const outage = new OutageLog(log, clock);
  const giveUpMs = clock.bootMs() + (request.isResumed === true ? 0 : request.localDbWaitMs);
  const backoff = new Backoff(DATABASE_BACKOFF, ports.random);
  for (;;) {
    if ((await waitWhileStopping(request, ports)) === 'orphaned') return 'orphaned';
    notice.begin();
    try {
      await recordClaim(request, ports);
      if (await isStopping(ports)) {
        await releaseClaim(request, ports);
        continue;
      }
      if (!leaveClaim(request, ports, true)) await recordWithoutHeartbeat(request, ports);
      return 'go';
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
      const leftMs = giveUpMs - clock.bootMs();
      if (leftMs <= 0) {
        log.error(`${error.message}. ${request.isResumed === true ? KEPT : UNRECORDED}`);
        leaveClaim(request, ports, false);
        return 'go';
      }
      outage.logFailure(`${error.message}. Waiting for it, then starting without it (CTRKIT_LOCAL_DB_WAIT)`);
      await clock.sleep(Math.min(leftMs, ORPHAN_POLL_MS, backoff.recordFailure()));
      if (ports.isOrphaned()) return 'orphaned';
    }
  }
}

/** A container that stops claims nothing: nobody would renew the claim, or release it. */
async function waitWhileStopping({ claim }: GateRequest, ports: GatePorts): Promise<'orphaned' | undefined> {
  for (let isTold = false; await isStopping(ports); isTold = true) {
    if (!isTold) ports.log.info(`${claim.feature}: not started: the container stops`);
    await ports.clock.sleep(STOPPING_PAUSE_MS);
    if (ports.isOrphaned()) return 'orphaned';
  }
  return undefined;
}

/** A word that can't be read stops no feature of owner local. */
async function isStopping(ports: GatePorts): Promise<boolean> {
  return isContainerStopping(ports).catch((error: unknown) => {
    if (error instanceof CtrkitError) return false;
    throw error;
  });
}

async function recordClaim({ claim, isResumed }: GateRequest, ports: GatePorts): Promise<void> {
  const record = async (store: RowStore, { hostState }: Databases): Promise<void> => {
    const hostsLabel = hostState === undefined ? [] : [planLocalLabel(claim, 'hostState')];
    const writes = [...planClaim(claim, readTimestamps(ports.clock)), ...hostsLabel];
    await store.write([], writes, (problem) => ports.log.warn(`${claim.feature}: not written: ${problem}`));
  };
  await withStore(ports, isResumed === true ? withLimit(ports, record) : record);
}

/** Gives up after RESUMED_LIMIT_MS; closing the store ends what is under way. */
const withLimit =
  ({ clock }: GatePorts, work: StoreWork): StoreWork =>
  async (store, databases) => {
    const limit = new AbortController();
    const outOfTime = clock.sleep(RESUMED_LIMIT_MS, limit.signal).then(() => {
      throw new CtrkitError('database', `the database has not answered within ${RESUMED_LIMIT_MS} ms`);
    });
    try {
      await Promise.race([work(store, databases), outOfTime]);
    } finally {
      limit.abort();
    }
  };

/** The label of the version stays, as after any stop. */
async function releaseClaim({ claim }: GateRequest, ports: GatePorts): Promise<void> {
  await withStore(ports, (store) =>
    writeFirst(store, planReleases(ownRecord(claim), claim, ports.clock.wallMs())),
  );
}

async function recordWithoutHeartbeat({ claim }: GateRequest, ports: GatePorts): Promise<void> {
  await withStore(ports, (store) => store.write([ownRecord(claim)], [planNoClaim(claim.feature)]));
}

type StoreWork = (store: RowStore, databases: Databases) => Promise<unknown>;

async function withStore(ports: GatePorts, work: StoreWork): Promise<void> {
  const databases = ports.findDatabases();
  for (const warning of databases.warnings) ports.log.warn(warning);
  const store = ports.openStore(databases);
  try {
    await work(store, databases);
  } finally {
    store.close();
  }
}

/** False if the claim file can't be written: then the agent renews nothing, but the feature runs. */
function leaveClaim(request: GateRequest, ports: GatePorts, isRecorded: boolean): boolean {
  try {
    writeClaimFile(request, ports, { isRecorded, isMirrored: false });
    return true;
  } catch (error) {
    const { message } = error as Error;
    ports.log.error(
      `${message}. Starting; nobody renews or clears the record. Mend the folder, then restart`,
    );
    return false;
  }
}
