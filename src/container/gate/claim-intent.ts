import { CtrkitError } from '../../contract/errors.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import { writeClaimFile, type GateRequest } from './gate.ts';

export interface ClaimIntentPorts {
  readonly claimIntentFile: Pick<ClaimFile, 'write' | 'remove'>;
  readonly clock: Clock;
}

/**
 * The claim that the gate is about to make, for an agent that stops: a gate that is ended with its container between its claim
 * and `claim.json` gives nothing back. Written before the gate looks whether the container stops, and read by the agent after
 * it has said so: one of the two sees the other. It stays where the database has not confirmed the claim.
 */
export class ClaimIntent {
  readonly #request: GateRequest;
  readonly #ports: ClaimIntentPorts;
  /** One that a gate of this start has left, killed on its way, is nobody else's to take away. */
  #isThere = true;

  constructor(request: GateRequest, ports: ClaimIntentPorts) {
    this.#request = request;
    this.#ports = ports;
  }

  /** False where the folder can't be written. */
  announce(isMirrored: boolean): boolean {
    const { clock, claimIntentFile } = this.#ports;
    try {
      const claimFile = { ...claimIntentFile, read: () => undefined };
      writeClaimFile(this.#request, { clock, claimFile }, { isRecorded: false, isMirrored });
      this.#isThere = true;
      return true;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      return false;
    }
  }

  /** The claim is in `claim.json`, or given back, or another one's by now. Never throws: left there it costs a stop half a second. */
  withdraw(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    try {
      this.#ports.claimIntentFile.remove();
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
    }
  }
}
