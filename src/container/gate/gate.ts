import type { Claim } from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { StopEvidence } from './agent-word.ts';

/** The request of a container to start its application. */
export interface GateRequest {
  readonly claim: Claim;
  /** Identifies this start of the container. */
  readonly containerStart: string;
  /** The claim is held already: this start has claimed under the same token before, and the application may run. Optional. */
  readonly isResumed?: boolean;
  /** `--redis` as given; the agent uses it too. */
  readonly redisUrl: string;
  /** `--once`: a container that is held once is held for good. */
  readonly once: boolean;
  readonly localDbWaitMs: number;
  /** As in StoredClaim. */
  readonly isOutside: boolean;
  /** Of the heartbeats of this container's agent. */
  readonly heartbeatIntervalMs: number;
}

export interface GatePorts extends StopEvidence {
  /** Throws CtrkitError('usage' or 'database'). Called again after a failure: files and servers may have changed. */
  readonly findDatabases: () => Databases;
  readonly openStore: (databases: Databases) => RowStore;
  readonly claimFile: ClaimFile;
  /** What the gate of owner kube is about to claim. */
  readonly claimIntentFile: Pick<ClaimFile, 'write' | 'remove'>;
  readonly gateNoticeFile: GateNoticeFile;
  readonly clock: Clock;
  readonly log: Log;
  /** True if start.sh, which called the gate, is gone: nobody waits for the result. */
  readonly isOrphaned: () => boolean;
  /**
   * Called when the claim is left, before the application may start: has somebody renew it where no agent does. Returns why
   * nobody renews it, empty if somebody does. Absent where the caller does so itself.
   */
  readonly ensureRenewal?: () => Promise<string>;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** `go`: the application may start. `orphaned`: nobody waits for the result any more. A gate that is held does not return. */
export type GateResult = 'go' | 'orphaned';

/** Hands the claim to the agent, which renews it from here on. Throws CtrkitError('defect'). */
export function writeClaimFile(
  request: Pick<GateRequest, 'claim' | 'containerStart' | 'redisUrl' | 'isOutside'>,
  ports: Pick<GatePorts, 'clock' | 'claimFile'>,
  state: { readonly isRecorded: boolean; readonly isMirrored: boolean },
): void {
  const { claim, containerStart, redisUrl, isOutside } = request;
  const startedMs = ports.clock.bootMs();
  const isNew = { startedMs, hasStarted: false, isReplaced: false, isReleased: false };
  ports.claimFile.write({ ...claim, ...state, ...isNew, containerStart, redisUrl, isOutside });
}
