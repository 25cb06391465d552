import { setTimeout as sleep } from 'node:timers/promises';
import { planClaim, planLocalLabel } from '../../contract/claim.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { decideBackoffMs } from '../../decide/backoff.ts';
import { OutageLog } from '../outage-log.ts';
import {
  leaveClaim,
  momentOf,
  PARENT_POLL_MS,
  type GatePorts,
  type GateRequest,
  type GateResult,
} from './gate.ts';

/**
 * Owner local always goes: it claims, whoever held the feature before. Without a database it waits for a limited
 * time only, because a switch without its feature is worse than a feature without its record (CONTRACT, section 3).
 */
export async function passLocal(request: GateRequest, ports: GatePorts): Promise<GateResult> {
  const { clock, log } = ports;
  const outage = new OutageLog(log, clock);
  const giveUpMs = clock.bootMs() + request.localDbWaitMs;
  for (let failures = 1; ; failures++) {
    try {
      await recordClaim(request, ports);
      leave(request, ports, true);
      return 'go';
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
      const leftMs = giveUpMs - clock.bootMs();
      if (leftMs <= 0) {
        log.error(
          `${error.message}. Starting without a record; the agent makes it as soon as the database is back`,
        );
        leave(request, ports, false);
        return 'go';
      }
      outage.fail(`${error.message}. Waiting for it, then starting without it (CTRKIT_LOCAL_DB_WAIT)`);
      await sleep(Math.min(leftMs, PARENT_POLL_MS, decideBackoffMs(failures, ports.random())));
      if (ports.isOrphaned()) return 'orphaned';
    }
  }
}

async function recordClaim({ claim }: GateRequest, ports: GatePorts): Promise<void> {
  const databases = ports.findDatabases();
  for (const warning of databases.warnings) ports.log.warn(warning);
  const store = ports.openStore(databases);
  try {
    const mirror = databases.hostState === undefined ? [] : [planLocalLabel(claim, 'hostState')];
    await store.write([], [...planClaim(claim, momentOf(ports.clock)), ...mirror]);
  } finally {
    store.close();
  }
}

/** Without its claim file the agent renews nothing, but the feature runs: said, and let go. */
function leave(request: GateRequest, ports: GatePorts, isRecorded: boolean): void {
  try {
    leaveClaim(request, ports, { isRecorded, isMirrored: false });
  } catch (error) {
    ports.log.error(
      `${(error as Error).message}. Starting; the record will not be renewed. Mend the folder, then restart`,
    );
  }
}
