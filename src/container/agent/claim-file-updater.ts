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
 * The claim of this container, and the file that keeps it for the next agent. What was read once counts until the file says
 * otherwise: a file that has vanished, or can't be read, is no command to drop the claim, and is written again.
 */
export class ClaimFileUpdater {
  readonly #ports: ClaimFileUpdaterPorts;
  readonly #outage: OutageLog;
  /** The claim as it should be in the file; undefined if there is none. */
  #claim: StoredClaim | undefined;
  #isMissing = false;

  constructor(ports: ClaimFileUpdaterPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** Returns the claim that counts now. Throws CtrkitError('defect') if the file can't be read, and never could. */
  read(): StoredClaim | undefined {
    try {
      const stored = this.#ports.claimFile.read();
      this.#isMissing = stored === undefined && this.#claim !== undefined;
      if (stored !== undefined) this.#claim = stored.isReleased ? undefined : stored;
    } catch (error) {
      if (!(error instanceof CtrkitError) || this.#claim === undefined) throw error;
      this.#outage.logFailure(error.message);
    }
    return this.#claim;
  }

  /**
   * Writes the file if it has changed or vanished; `isRecorded` says whether the claim is on record. With an old file, the
   * next agent could take the feature from another container that has claimed it since, or could treat a running application
   * as one that is starting. A write that fails, as on a full disk, is logged and not thrown: the next heartbeat tries again.
   */
  update(isRecorded: boolean): void {
    const claim = this.#claim;
    if (claim === undefined) return;
    const hasStarted = claim.hasStarted || this.#ports.monitor.health.hasStarted;
    const isSame = claim.isRecorded === isRecorded && claim.hasStarted === hasStarted;
    if (isSame && !this.#isMissing) return;
    try {
      this.#write({ ...claim, isRecorded, hasStarted });
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#outage.logFailure(error.message);
    }
  }

  #write(claim: StoredClaim): void {
    const { claimFile, log } = this.#ports;
    const stored = claimFile.read();
    // Meanwhile the gate may have written another claim, or somebody may have released this one.
    if (stored !== undefined && (stored.token !== claim.token || stored.isReleased)) return;
    claimFile.write(claim);
    if (this.#isMissing) log.warn(`${claim.feature}: claim.json had vanished, and is written again`);
    this.#isMissing = false;
    this.#claim = claim;
    this.#outage.logRecovery(`${claim.feature}: what the next agent has to know is kept again`);
  }
}
