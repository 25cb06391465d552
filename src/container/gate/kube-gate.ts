import { ownRecord, planReleases } from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { holdRow, type RowAddress, type RowValues } from '../../contract/rows.ts';
import type { Hold } from '../../decide/gate/hold-reasons.ts';
import { decodeSnapshot, selectStartupRows } from '../../decide/gate/startup-snapshot.ts';
import { isMirrored, planHostStop } from '../../decide/gate/host-mirror.ts';
import { planVerdict } from '../../decide/gate/startup-writes.ts';
import { decideStartup } from '../../decide/gate/decide-startup.ts';
import type { Progress, StartupDecision } from '../../decide/gate/startup-types.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';
import { describeConflicts, CONFLICT, retryOnConflict } from '../../loop/retry-on-conflict.ts';
import { StoreObserver } from './store-observer.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { writeFirst } from '../../loop/write-first.ts';
import { WatchLoop, type ReconcileResult, type Session } from '../../loop/watch-loop.ts';
import { AgentNotice } from './agent-notice.ts';
import { writeClaimFile, type GatePorts, type GateRequest, type GateResult } from './gate.ts';
import { HoldNotice } from './hold-notice.ts';
import { mirrorClaim } from './host-mirror.ts';

/** So many conflicts in a row are not caused by other containers: something is wrong with a row, or with the server. */
const MAX_CONFLICTS = 500;
/** The pause after a conflict is random, up to as many milliseconds as there were conflicts, and at most this. */
const LONGEST_CONFLICT_PAUSE_MS = 50;
/** If the claim file can't be written, the claim is released again. The next try at once would fail in the same way. */
const NO_CLAIM_FILE_PAUSE_MS = 10_000;
/** `--once`: how often a container that is held for good checks whether its row is to be renewed. */
const KEEP_HOLD_EVERY_MS = 1_000;

interface GateSession extends Session {
  readonly databases: Databases;
  /** The row CONTAINER_HOLD of this container. */
  readonly holdAddress: RowAddress;
}

/** The rows as they were read, and the decision on them. */
interface Evaluation {
  readonly rows: readonly RowValues[];
  readonly decision: StartupDecision;
}

/**
 * The gate of owner kube. It reconciles: it reads the rows, decides, writes what the verdict asks for, and ends when the
 * application may start. A gate that is held goes on. It fails closed: without a database the application does not start.
 */
export class KubeGate {
  readonly #request: GateRequest;
  readonly #ports: GatePorts;
  readonly #outage: OutageLog;
  readonly #log: RepeatLog;
  readonly #agentNotice: AgentNotice;
  readonly #holdNotice: HoldNotice;
  readonly #observer: StoreObserver;
  #progress: Progress = { kind: 'new' };
  /** `--once`: why this container is held for good. */
  #lastingHold: Hold | undefined;

  constructor(request: GateRequest, ports: GatePorts) {
    const { log, clock, gateNoticeFile } = ports;
    this.#request = request;
    this.#ports = ports;
    this.#outage = new OutageLog(log, clock);
    this.#log = new RepeatLog((text) => log.info(`${request.claim.feature}: ${text}`), clock);
    this.#agentNotice = new AgentNotice(gateNoticeFile, log);
    this.#holdNotice = new HoldNotice(request.claim, ports);
    this.#observer = new StoreObserver(clock, request.heartbeatIntervalMs);
  }

  /** Throws CtrkitError('usage'). */
  async run(): Promise<GateResult> {
    const loop = new WatchLoop<GateSession, GateResult>(
      {
        open: () => this.#open(),
        reconcile: (session) => this.#reconcile(session),
        isOutage: ({ code }) => code !== 'usage',
        reportOutage: (error) => this.#reportOutage(error),
        findOrphaned: () => (this.#ports.isOrphaned() ? 'orphaned' : undefined),
      },
      this.#ports,
    );
    return loop.run();
  }

  #open(): GateSession {
    const { feature, dockerId } = this.#request.claim;
    const databases = this.#ports.findDatabases();
    for (const warning of databases.warnings) this.#log.log(warning);
    const store = this.#ports.openStore(databases);
    return { store, databases, holdAddress: holdRow(feature, dockerId, databases.state.separator) };
  }

  #reportOutage({ message }: CtrkitError): void {
    const text = `waiting, not started: ${message}`;
    this.#observer.recordOutage();
    this.#holdNotice.forgetRow();
    this.#outage.logFailure(`${this.#request.claim.feature}: ${text}`);
    this.#agentNotice.writeOutage(text);
  }

  async #reconcile(session: GateSession): Promise<ReconcileResult<GateResult>> {
    if (this.#lastingHold !== undefined) return this.#keepHold(session, this.#lastingHold);
    const { clock, isOrphaned, random } = this.#ports;
    const retry = {
      maxAttempts: MAX_CONFLICTS,
      pause: (conflicts: number) => clock.sleep(random() * Math.min(conflicts, LONGEST_CONFLICT_PAUSE_MS)),
    };
    const outcome = await retryOnConflict(
      async () =>
        // Checked before each attempt: a claim without an application would block the feature for other containers.
        isOrphaned() ? 'orphaned' : this.#act(session, await this.#evaluate(session)),
      retry,
    );
    if (outcome === 'orphaned') return { kind: 'done', value: outcome };
    if (outcome === CONFLICT)
      throw new CtrkitError(
        'database',
        describeConflicts(this.#request.claim.feature, ', and is not claimed'),
      );
    const { rows, decision } = outcome;
    const { verdict } = decision;
    if (verdict.kind === 'go')
      return (await this.#leaveClaim(session, rows))
        ? { kind: 'done', value: 'go' }
        : { kind: 'requeue', afterMs: NO_CLAIM_FILE_PAUSE_MS };
    this.#progress = decision.progress;
    if (this.#request.once && verdict.kind === 'hold') {
      this.#lastingHold = verdict;
      return { kind: 'requeue', afterMs: KEEP_HOLD_EVERY_MS };
    }
    const dueMs = [decision.requeueAtMs, this.#holdNotice.renewalMs].filter((ms) => ms !== undefined);
    return { kind: 'sleep', rows: rows.map(({ address }) => address), requeueAtMs: Math.min(...dueMs) };
  }

  async #evaluate({ store, databases, holdAddress }: GateSession): Promise<Evaluation> {
    const { claim } = this.#request;
    const { feature, version } = claim;
    const rows = await this.#observer.look(store, {
      rows: selectStartupRows(feature, version, databases.asic),
      probe: holdAddress,
      decodeStatus: (found) => decodeSnapshot(found, feature, version).status,
    });
    this.#outage.logRecovery(`${feature}: the database is back`);
    const decision = decideStartup({
      snapshot: decodeSnapshot(rows, feature, version),
      self: claim,
      progress: this.#progress,
      observation: this.#observer.observation,
      now: readTimestamps(this.#ports.clock),
    });
    this.#observer.expectLookBy(decision.lookByMs);
    if (decision.note !== undefined) this.#log.log(decision.note);
    return { rows, decision };
  }

  /** Reports the verdict, and writes what it asks for. Returns CONFLICT if a row has changed since it was read. */
  async #act(
    { store, databases, holdAddress }: GateSession,
    evaluation: Evaluation,
  ): Promise<Evaluation | typeof CONFLICT> {
    const { rows, decision } = evaluation;
    const { verdict } = decision;
    if (verdict.kind === 'hold') {
      this.#log.forget();
      this.#agentNotice.write('held', `held (${verdict.reason}): ${verdict.text}`);
      const writes = this.#holdNotice.renew(verdict, holdAddress);
      return writes.length === 0 || (await store.write([], writes)) ? evaluation : CONFLICT;
    }
    if (verdict.kind === 'wait') {
      this.#log.log(verdict.text);
      this.#agentNotice.write('waiting', verdict.text);
    }
    const asic = isMirrored(rows) ? databases.asic : undefined;
    const writes = [
      ...planVerdict(verdict, this.#request.claim, readTimestamps(this.#ports.clock), asic),
      ...this.#holdNotice.planRemoval(holdAddress),
    ];
    if (writes.length > 0 && !(await store.write(rows, writes))) return CONFLICT;
    this.#holdNotice.recordRemoval();
    if (verdict.kind === 'go') {
      const problem = await mirrorClaim({ store, databases }, this.#request.claim, rows);
      if (problem !== '') this.#log.log(`the host's own row does not tell of the claim: ${problem}`);
    }
    return evaluation;
  }

  /**
   * Writes the claim file after the claim is recorded. Without the file nobody would renew the claim, and another container
   * could start beside this one; so if it can't be written, the claim is released and the result is false.
   */
  async #leaveClaim({ store, databases }: GateSession, rows: readonly RowValues[]): Promise<boolean> {
    const { claim } = this.#request;
    const { feature, version, dockerId } = claim;
    const { clock, log } = this.#ports;
    try {
      writeClaimFile(this.#request, this.#ports, { isRecorded: true, isMirrored: isMirrored(rows) });
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      const mirror = isMirrored(rows) ? [planHostStop({ feature, asic: databases.asic })] : [];
      await writeFirst(store, planReleases(ownRecord(claim), claim, clock.wallMs()), mirror);
      this.#log.log(
        `not started, the claim is given back: ${error.message}. Mend the folder; asking again every 10 s`,
      );
      return false;
    }
    this.#agentNotice.remove();
    const { source } = databases;
    log.info(`${feature}: go: kube, version ${version}, container ${dockerId}`, {
      feature,
      databases: source,
    });
    return true;
  }

  /** `--once`: no decision is made any more. A database that is away must not end the hold. */
  async #keepHold({ store, holdAddress }: GateSession, hold: Hold): Promise<ReconcileResult<GateResult>> {
    const writes = this.#holdNotice.renew(hold, holdAddress);
    if (writes.length > 0)
      await store.write([], writes).catch((error: Error) => this.#outage.logFailure(error.message));
    return { kind: 'requeue', afterMs: KEEP_HOLD_EVERY_MS };
  }
}
