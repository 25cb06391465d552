import { CtrkitError } from '../../contract/errors.ts';
import {
  decideUnclaimed,
  describeWait,
  isClaimPossible,
  type UnclaimedDecision,
} from '../../decide/gate/decide-unclaimed.ts';
import type { OwnIdentity } from '../../decide/gate/own-identity.ts';
import {
  confirmSuspicions,
  findSuspicions,
  isTreeNeeded,
  listAway,
  type Suspects,
  type Suspicion,
} from '../../decide/gate/unclaimed.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { Log } from '../../ports/log.ts';
import type { ProcessTree } from '../../ports/process-tree.ts';
import type { ProgramsView } from '../health/processes/process-checks.ts';
import type { ContainerEnd } from './container-end.ts';

/** inotify reports the gate's claim and supervisord its programs; the poll is for a file system without the one. */
const IDLE_POLL_MS = 5_000;
/** While something is suspected. */
const SUSPECT_POLL_MS = 1_000;

export interface UnclaimedPorts {
  /** By supervisord's answer; undefined if it did not answer, or the list of critical processes can't be read. Never rejects. */
  readonly readPrograms: () => Promise<ProgramsView | undefined>;
  readonly processTree: ProcessTree;
  readonly readIdentity: () => OwnIdentity;
  /** Leaves a claim of owner local for the agent to record. Throws CtrkitError('usage' or 'defect'). */
  readonly writeLocalClaim: (identity: { readonly feature: string; readonly version: string }) => void;
  /** Writes the claim of this start again that STATE_DB has kept; false if none is proved. Throws CtrkitError('defect'). */
  readonly restoreClaim: (identity: {
    readonly feature: string;
    readonly version: string;
  }) => Promise<boolean>;
  readonly claimFile: Pick<ClaimFile, 'read'>;
  readonly gateNoticeFile: Pick<GateNoticeFile, 'read' | 'readLast'>;
  readonly containerEnd: Pick<ContainerEnd, 'end'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the agent's loop call `reconcile` soon. */
  readonly wake: () => void;
}

export interface UnclaimedFinding {
  /** What is wrong, one line; empty if nothing is. */
  readonly text: string;
  /** Boot clock: since when the start is known to have failed; undefined if that is not what is wrong. */
  readonly startFailedMs?: number | undefined;
}

const NO_FINDING: UnclaimedFinding = { text: '' };

/**
 * Watches a container that has no claim of this start. An application of owner kube that runs all the same is ungated, and
 * ends the container; so does a gate that was killed. For an application of owner local the claim is made.
 */
export class UnclaimedController {
  readonly #ports: UnclaimedPorts;
  readonly #mode: 'end' | 'report';
  readonly #log: RepeatLog;
  #identity: OwnIdentity | undefined;
  #suspects: Suspects = new Map();
  #isWatching = false;
  #finding = NO_FINDING;

  constructor(ports: UnclaimedPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.#mode = mode;
    this.#log = new RepeatLog((text) => ports.log.error(text), ports.clock);
  }

  get finding(): UnclaimedFinding {
    return this.#finding;
  }

  /**
   * There is a claim. A gate that was killed after it had left the claim has not let its caller go on: `isStarting`, that is
   * looked for, and done for it.
   */
  passClaim(isStarting: boolean): void {
    this.#isWatching = false;
    this.#finding = NO_FINDING;
    const lost = isStarting ? this.#findLostCallers() : [];
    const { suspects, confirmed } = confirmSuspicions(
      this.#suspects,
      { suspicions: lost },
      this.#ports.clock.bootMs(),
    );
    this.#suspects = suspects;
    for (const { pid } of confirmed) {
      this.#log.log('the gate has ended, and what called it stands still: let go on, as the claim is there');
      this.#ports.processTree.letGoOn(pid);
    }
  }

  /** A program that matters has changed its state. */
  applyChange(): void {
    if (this.#isWatching) this.#ports.wake();
  }

  /** There is no claim. Returns in how many milliseconds to look again. Throws CtrkitError('defect'). */
  async reconcile(): Promise<number> {
    const { clock } = this.#ports;
    this.#isWatching = true;
    const identity = this.#readIdentity();
    const { critical, failedStart } = (await this.#ports.readPrograms()) ?? {};
    const gatePid = this.#ports.gateNoticeFile.read()?.pid;
    const tree = isTreeNeeded({ critical, gatePid }) ? this.#ports.processTree.read() : undefined;
    const suspicions = findSuspicions({ owner: identity.owner, critical, failedStart, tree, gatePid });
    // The gate writes the claim before it lets anybody go: one that came after what was seen of the processes counts.
    const claim = this.#ports.claimFile.read();
    if (claim?.isReleased === false) return 0;
    const look = { suspicions, away: listAway({ critical, tree }) };
    const { suspects, confirmed } = confirmSuspicions(this.#suspects, look, clock.bootMs());
    this.#suspects = suspects;
    const endedGate = gatePid === undefined ? this.#ports.gateNoticeFile.readLast()?.text : undefined;
    const settings = { ...identity, isReleased: claim !== undefined, endedGate, mode: this.#mode };
    const decision = decideUnclaimed(confirmed, settings);
    const { feature, version } = identity;
    if (decision.kind !== 'none' && isClaimPossible(confirmed, settings) && feature !== undefined) {
      if (await this.#ports.restoreClaim({ feature, version })) return 0;
    }
    this.#act(decision, identity);
    if (decision.kind === 'none') this.#finding = { text: describeWait(suspicions, settings) };
    return suspects.size > 0 ? SUSPECT_POLL_MS : IDLE_POLL_MS;
  }

  #findLostCallers(): readonly Suspicion[] {
    const { processTree, gateNoticeFile } = this.#ports;
    const gatePid = gateNoticeFile.read()?.pid;
    // Of the processes of the application nothing is asked: there is a claim.
    const tree = processTree.read();
    return findSuspicions({ owner: 'kube', critical: undefined, tree, gatePid, isClaimed: true });
  }

  #act(decision: UnclaimedDecision, { version }: OwnIdentity): void {
    const { startFailedMs = this.#ports.clock.bootMs() } = this.#finding;
    this.#finding = decision.kind === 'none' ? NO_FINDING : { text: decision.text };
    switch (decision.kind) {
      case 'none':
        return;
      case 'start-failed':
        this.#finding = { text: decision.text, startFailedMs };
        return this.#log.log(decision.text);
      case 'report':
        return this.#log.log(decision.text);
      case 'end':
        return this.#ports.containerEnd.end(decision.text);
      case 'claim':
        return this.#claim(decision, version);
    }
  }

  #claim({ feature, text }: { readonly feature: string; readonly text: string }, version: string): void {
    try {
      this.#ports.writeLocalClaim({ feature, version });
      this.#ports.log.info(`${feature}: ${text}`);
      this.#ports.wake();
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#log.log(`${feature}: not claimed, though it runs: ${error.message}`);
    }
  }

  #readIdentity(): OwnIdentity {
    if (this.#identity !== undefined) return this.#identity;
    this.#identity = this.#ports.readIdentity();
    for (const problem of this.#identity.problems) this.#ports.log.warn(problem);
    return this.#identity;
  }
}
