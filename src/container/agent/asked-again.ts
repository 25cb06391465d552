import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import type { GateNotice } from '../../contract/gate/gate-notice.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { ClosedGate } from '../../decide/health/decide-health.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';

/** A gate that goes at once is seen for some milliseconds at the most. */
const WAITING_COUNTS_AFTER_MS = 1_000;

const ENDED =
  'the gate that was asked again has ended without a go, so what asked it has not started anything: start that anew';

export interface AskedAgainPorts {
  readonly gateNoticeFile: Pick<GateNoticeFile, 'read' | 'readLast'>;
  /** Whether the container has started a process itself, and nobody has brought it in, by `docker exec` for instance. */
  readonly isOwnProcess: (pid: number) => boolean;
  readonly clock: Pick<Clock, 'bootMs'>;
}

/**
 * A gate that is closed beside a claim: a program that asks the gate was started again, or a second gate is in the way of the
 * first. A gate by hand tells nothing of the application.
 */
export class AskedAgain {
  readonly #ports: AskedAgainPorts;
  #claim: Pick<StoredClaim, 'token' | 'startedMs'> | undefined;
  /** Boot clock: since when a gate waits. */
  #waitingSinceMs: number | undefined;
  /** The notice of a gate of its own that was seen last while it ran. */
  #seen: GateNotice | undefined;
  /** The gate that was seen last, and what it was then: one from outside whose shell has ended is a child of process 1. */
  #gate: { readonly pid: number; readonly startTicks: number; readonly isOwn: boolean } | undefined;

  constructor(ports: AskedAgainPorts) {
    this.#ports = ports;
  }

  /** Undefined where no gate is closed, or it can't be told: then the checks alone count. */
  find(claim: StoredClaim): ClosedGate | undefined {
    const { token, startedMs } = claim;
    // The gate that has just left this claim is about to take its notice away.
    const isKnown = this.#claim?.token === token && this.#claim.startedMs === startedMs;
    this.#claim = { token, startedMs };
    const notice = isKnown ? this.#read() : undefined;
    const nowMs = this.#ports.clock.bootMs();
    this.#waitingSinceMs = notice?.state === 'waiting' ? (this.#waitingSinceMs ?? nowMs) : undefined;
    const isPassing = nowMs < (this.#waitingSinceMs ?? -Infinity) + WAITING_COUNTS_AFTER_MS;
    return notice === undefined || isPassing ? undefined : { kind: notice.state, text: notice.text };
  }

  #read(): GateNotice | undefined {
    try {
      const notice = this.#ports.gateNoticeFile.read();
      if (notice === undefined) return this.#readKilled();
      this.#seen = this.#isOwn(notice) ? notice : undefined;
      return this.#seen;
    } catch (error) {
      if (error instanceof CtrkitError) return undefined;
      throw error;
    }
  }

  #isOwn({ pid, startTicks }: GateNotice): boolean {
    if (this.#gate?.pid !== pid || this.#gate.startTicks !== startTicks)
      this.#gate = { pid, startTicks, isOwn: this.#ports.isOwnProcess(pid) };
    return this.#gate.isOwn;
  }

  /** Only a gate that goes takes its notice away: one that has ended in any other way has started nothing. */
  #readKilled(): GateNotice | undefined {
    const last = this.#ports.gateNoticeFile.readLast();
    const isSeen =
      last !== undefined && last.pid === this.#seen?.pid && last.startTicks === this.#seen.startTicks;
    if (!isSeen) return undefined;
    return { ...last, state: 'held', text: `${ENDED}. It said last: ${last.text}` };
  }
}
