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
  /** The claim over which another container has claimed: it is so whether or not the file takes it. */
  #replaced: Start | undefined;

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
    return this.#claim === undefined
      ? undefined
      : { ...this.#claim, isReplaced: this.#isReplaced(this.#claim) };
  }

  /** Another container has claimed over the claim that was read last. A gate that goes makes it a new one, under the same token. */
  recordReplaced(): void {
    this.#replaced = this.#claim;
    if (this.#claim !== undefined) this.update(this.#claim.isRecorded);
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
    const isReplaced = this.#isReplaced(claim);
    const isSame =
      claim.isRecorded === isRecorded && claim.hasStarted === hasStarted && claim.isReplaced === isReplaced;
    if (isSame && !this.#isMissing) return;
    try {
      this.#write({ ...claim, isRecorded, hasStarted, isReplaced });
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#outage.logFailure(error.message);
    }
  }

  #isReplaced(claim: StoredClaim): boolean {
    return claim.isReplaced || (this.#replaced !== undefined && isSameStart(claim, this.#replaced));
  }

  #write(claim: StoredClaim): void {
    const { claimFile, log } = this.#ports;
    const stored = claimFile.read();
    // Meanwhile the gate may have written another claim, or somebody may have released this one.
    if (stored !== undefined && (!isSameStart(stored, claim) || stored.isReleased)) return;
    claimFile.write(claim);
    if (this.#isMissing) log.warn(`${claim.feature}: claim.json had vanished, and is written again`);
    this.#isMissing = false;
    this.#claim = claim;
    this.#outage.logRecovery(`${claim.feature}: what the next agent has to know is kept again`);
  }
}

type Start = Pick<StoredClaim, 'token' | 'startedMs'>;

/** A gate that is asked again, and goes, keeps the token. */
const isSameStart = (a: Start, b: Start): boolean => a.token === b.token && a.startedMs === b.startedMs;
