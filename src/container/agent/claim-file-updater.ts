import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { HealthMonitor } from '../health/health-monitor.ts';

export interface ClaimFileUpdaterPorts {
  readonly claimFile: ClaimFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly monitor: Pick<HealthMonitor, 'health'>;
}

/**
 * Keeps the claim file current for the next agent of this container. With an old file, that agent could take the feature from
 * another container that has claimed it since, or could treat a running application as one that is starting.
 */
export class ClaimFileUpdater {
  readonly #ports: ClaimFileUpdaterPorts;
  readonly #outage: OutageLog;

  constructor(ports: ClaimFileUpdaterPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /**
   * Writes the file if it has changed; `isRecorded` says whether the claim is on record. A write that fails, as on a full
   * disk, is logged and not thrown: the next heartbeat tries again.
   */
  update(claim: StoredClaim, isRecorded: boolean): void {
    const { claimFile, monitor } = this.#ports;
    const hasStarted = claim.hasStarted || monitor.health.hasStarted;
    if (claim.isRecorded === isRecorded && claim.hasStarted === hasStarted) return;
    // The gate may have written another claim meanwhile.
    if (claimFile.read()?.token !== claim.token) return;
    try {
      claimFile.write({ ...claim, isRecorded, hasStarted });
      this.#outage.logRecovery(`${claim.feature}: what the next agent has to know is kept again`);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#outage.logFailure(error.message);
    }
  }
}
