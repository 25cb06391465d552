import { CtrkitError } from '../../contract/errors.ts';
import { findEarliest } from '../../contract/timestamps.ts';
import type { Hold } from '../../decide/gate/hold-reasons.ts';
import { findServedUntil } from '../../decide/gate/served.ts';
import { isMirrored } from '../../decide/gate/host-mirror.ts';
import { planVerdict } from '../../decide/gate/startup-writes.ts';
import { decideStartup } from '../../decide/gate/decide-startup.ts';
import type { Progress, StartupDecision } from '../../decide/gate/startup-types.ts';
import { CallPace } from '../../loop/call-pace.ts';
import { LimitedLog } from '../../loop/limited-log.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';
import { describeConflicts, CONFLICT, retryOnConflict } from '../../loop/retry-on-conflict.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { WatchLoop, type ReconcileResult } from '../../loop/watch-loop.ts';
import { AgentNotice } from './agent-notice.ts';
import { isContainerStopping, STOPPING_PAUSE_MS } from './agent-word.ts';
import { ClaimIntent } from './claim-intent.ts';
import type { GatePorts, GateRequest, GateResult } from './gate.ts';
import { openSession, type GateSession } from './gate-session.ts';
import { HoldNotice } from './hold-notice.ts';
import { mirrorClaim } from './host-mirror.ts';
import { leaveClaim, logGo, NO_FILE_PAUSE_MS } from './leave-claim.ts';
import { lookAtRows } from './look-at-rows.ts';
import { assertWritable, StoreObserver, type Look } from './store-observer.ts';

/** So many conflicts in a row are not caused by other containers: something is wrong with a row, or with the server. */
const MAX_CONFLICTS = 500;
/** The pause after a conflict is random, up to as many milliseconds as there were conflicts, and at most this. */
const LONGEST_CONFLICT_PAUSE_MS = 50;
/** After a claim that took too long; the next one may take as long. */
const LATE_CLAIM_PAUSE_MS = 200;
/** `--once`: how often a container that is held for good checks whether its row is to be renewed. */
const KEEP_HOLD_EVERY_MS = 1_000;
/** An attempt reads, and writes. */
const CALLS_OF_ATTEMPT = 2;

/** The rows as they were read, and the decision on them. */
interface Evaluation extends Look {
  readonly decision: StartupDecision;
  /** Boot clock: when the look began. */
  readonly lookedMs: number;
  /** As in GateNotice. */
  readonly servedUntilMs: number | undefined;
}

/** What an attempt comes to: the evaluation on which it has acted, or the end of the reconciliation. */
type Attempt = Evaluation | ReconcileResult<GateResult> | typeof CONFLICT;

/**
 * The gate of owner kube. It reconciles: it reads the rows, decides, writes what the verdict asks for, and ends when the
 * application may start. A gate that is held goes on. It fails closed: without a database the application does not start.
 */
export class KubeGate {
  readonly #request: GateRequest;
  /** Its log takes a few lines a minute. */
  readonly #ports: GatePorts;
  readonly #logGo: (source: string) => void;
  readonly #pace: CallPace;
  readonly #outage: OutageLog;
  readonly #log: RepeatLog;
  /** What is odd, whatever the verdict is: a hold makes none of it new again. */
  readonly #notes: RepeatLog;
  readonly #agentNotice: AgentNotice;
  readonly #holdNotice: HoldNotice;
  readonly #intent: ClaimIntent;
  readonly #observer: StoreObserver;
  #progress: Progress = { kind: 'new' };
  /** `--once`: why this container is held for good. */
  #lastingHold: Hold | undefined;
  /** Held as `version-is-local` at the last look: the next one asks how the switch's own container is. */
  #isVersionLocal = false;

  constructor(request: GateRequest, ports: GatePorts) {
    const { clock, gateNoticeFile } = ports;
    const log = new LimitedLog(ports.log, clock);
    this.#request = request;
    this.#ports = { ...ports, log };
    this.#logGo = (source) => logGo(ports.log, request.claim, source);
    this.#pace = new CallPace(clock);
    this.#outage = new OutageLog(log, clock);
    const write = (text: string): void => log.info(`${request.claim.feature}: ${text}`);
    this.#log = new RepeatLog(write, clock);
    this.#notes = new RepeatLog(write, clock);
    this.#agentNotice = new AgentNotice(gateNoticeFile, log);
    this.#holdNotice = new HoldNotice(request.claim, this.#ports);
    this.#intent = new ClaimIntent(request, ports);
    this.#observer = new StoreObserver(clock, request.heartbeatIntervalMs);
  }

  /** Throws CtrkitError('usage'). */
  async run(): Promise<GateResult> {
    const { feature } = this.#request.claim;
    const loop = new WatchLoop<GateSession, GateResult>(
      {
        open: () =>
          openSession(this.#request.claim, { ...this.#ports, pace: this.#pace, notes: this.#notes }),
        reconcile: (session) => this.#reconcile(session),
        isOutage: ({ code }) => code !== 'usage',
        reportOutage: (error) => this.#reportOutage(error),
        reportRecovery: () => this.#outage.logRecovery(`${feature}: the database is back`),
        reportRefusal: (refusal) =>
          this.#notes.log(`the database refuses its events, asking it instead: ${refusal}`),
        findOrphaned: () => (this.#ports.isOrphaned() ? 'orphaned' : undefined),
      },
      this.#ports,
    );
    return loop.run();
  }

  #reportOutage({ message }: CtrkitError): void {
    const text = `waiting, not started: ${message}`;
    this.#observer.recordOutage();
    this.#pace.recordOutage();
    this.#holdNotice.forgetRow();
    this.#outage.logFailure(`${this.#request.claim.feature}: ${text}`);
    this.#agentNotice.ensureWritten(text);
  }

  async #reconcile(session: GateSession): Promise<ReconcileResult<GateResult>> {
    if (this.#lastingHold !== undefined) return this.#keepHold(session, this.#lastingHold);
    const { clock, random } = this.#ports;
    const retry = {
      maxAttempts: MAX_CONFLICTS,
      pause: (conflicts: number) => clock.sleep(random() * Math.min(conflicts, LONGEST_CONFLICT_PAUSE_MS)),
    };
    await this.#pace.waitForRoom(CALLS_OF_ATTEMPT);
    const outcome = await retryOnConflict(() => this.#attempt(session), retry);
    if (outcome === CONFLICT)
      throw new CtrkitError(
        'database',
        describeConflicts(this.#request.claim.feature, ', and is not claimed'),
      );
    if ('kind' in outcome) return outcome;
    const { rows, decision } = outcome;
    this.#progress = decision.progress;
    if (decision.verdict.kind === 'go') return this.#finish(session, outcome);
    if (this.#lastingHold !== undefined) return { kind: 'requeue', afterMs: KEEP_HOLD_EVERY_MS };
    const requeueAtMs = findEarliest([decision.requeueAtMs, this.#holdNotice.renewalMs]);
    return { kind: 'sleep', rows: rows.map(({ address }) => address), requeueAtMs };
  }

  /** Looks, decides, and acts, once. Checked before each attempt: a claim without an application would block the feature. */
  async #attempt(session: GateSession): Promise<Attempt> {
    if (this.#ports.isOrphaned()) return { kind: 'done', value: 'orphaned' };
    if (await isContainerStopping(this.#ports)) {
      this.#intent.withdraw();
      this.#log.log('not started: the container stops');
      this.#agentNotice.write('waiting', 'the container stops');
      return { kind: 'requeue', afterMs: STOPPING_PAUSE_MS };
    }
    const evaluation = await this.#evaluate(session);
    const { verdict } = evaluation.decision;
    if (verdict.kind !== 'go') this.#intent.withdraw();
    if (verdict.kind === 'hold') return this.#hold(session, evaluation, verdict);
    assertWritable(evaluation);
    const text = verdict.kind === 'wait' ? verdict.text : 'the host is ready: claiming the feature';
    if (verdict.kind === 'wait') this.#log.log(text);
    // The host may stop another container for the answer: first it must be certain that this folder takes the claim.
    const isTold =
      verdict.kind === 'wait'
        ? this.#agentNotice.write('waiting', text)
        : this.#agentNotice.ensureWritten(text) && this.#intent.announce(isMirrored(evaluation.rows));
    if (!isTold) {
      this.#log.log(
        'not started, and the host is not asked: the folder can not be written. Asking it every 10 s',
      );
      return { kind: 'requeue', afterMs: NO_FILE_PAUSE_MS };
    }
    // After the announcement: an agent that has not said it before sees that this gate claims.
    if (await isContainerStopping(this.#ports)) return { kind: 'requeue', afterMs: 0 };
    const { store, databases, holdAddress } = session;
    const asic = isMirrored(evaluation.rows) ? databases.asic : undefined;
    const writes = [
      ...planVerdict(verdict, this.#request.claim, readTimestamps(this.#ports.clock), asic),
      ...this.#holdNotice.planRemoval(holdAddress),
    ];
    if (writes.length > 0 && !(await store.write(evaluation.rows, writes))) return CONFLICT;
    this.#holdNotice.recordRemoval();
    return evaluation;
  }

  async #evaluate(session: GateSession): Promise<Evaluation> {
    const { claim } = this.#request;
    const lookedMs = this.#ports.clock.bootMs();
    const look = await lookAtRows(this.#observer, session, claim, this.#isVersionLocal);
    const { rows, refusal, snapshot, ownHold, holderHealth } = look;
    this.#holdNotice.recordSight(ownHold);
    if (ownHold.problem !== undefined) this.#notes.log(`a hold is not recorded: ${ownHold.problem}`);
    const now = readTimestamps(this.#ports.clock);
    const { observation } = this.#observer;
    const decision = decideStartup({ snapshot, self: claim, progress: this.#progress, observation, now });
    const { verdict } = decision;
    this.#isVersionLocal = verdict.kind === 'hold' && verdict.reason === 'version-is-local';
    this.#observer.expectLookBy(decision.lookByMs);
    if (decision.note !== undefined) this.#notes.log(decision.note);
    const servedUntilMs = this.#isVersionLocal
      ? findServedUntil(snapshot, holderHealth, claim.version, now)
      : undefined;
    return { rows, decision, lookedMs, servedUntilMs, refusal };
  }

  /** A hold counts before its row is written: with `--once` it is for good, whether or not the server takes the row. */
  async #hold({ store, holdAddress }: GateSession, evaluation: Evaluation, hold: Hold): Promise<Attempt> {
    if (this.#request.once) this.#lastingHold = hold;
    this.#log.forget();
    this.#agentNotice.write('held', `held (${hold.reason}): ${hold.text}`, evaluation.servedUntilMs);
    const writes = this.#holdNotice.renew(hold, holdAddress);
    assertWritable(evaluation);
    if (writes.length > 0) await store.write([], writes);
    return evaluation;
  }

  /** The claim is recorded. A gate that was frozen for so long that another may have taken over looks again before it goes. */
  async #finish(
    { store, databases }: GateSession,
    { rows, lookedMs }: Evaluation,
  ): Promise<ReconcileResult<GateResult>> {
    const tookMs = this.#ports.clock.bootMs() - lookedMs;
    if (tookMs > this.#request.heartbeatIntervalMs) {
      this.#log.log(`the claim took ${Math.round(tookMs / 1000)} s: looking whether it still stands`);
      return { kind: 'requeue', afterMs: LATE_CLAIM_PAUSE_MS };
    }
    const problem = await mirrorClaim({ store, databases }, this.#request.claim, rows);
    if (problem !== '') this.#log.log(`the host's own row does not tell of the claim: ${problem}`);
    const claimed = { store, databases, rows };
    const onPlaced = (): void => this.#intent.withdraw();
    const notLeft = await leaveClaim(this.#request, this.#ports, claimed, onPlaced);
    if (notLeft !== undefined) {
      this.#log.log(notLeft.text);
      this.#agentNotice.write('held', notLeft.text);
      return { kind: 'requeue', afterMs: notLeft.againAfterMs };
    }
    this.#agentNotice.remove();
    // The loop ends here, and can't tell any more.
    this.#outage.logRecovery(`${this.#request.claim.feature}: the database is back`);
    this.#logGo(databases.source);
    return { kind: 'done', value: 'go' };
  }

  /** `--once`: no decision is made any more. A database that is away must not end the hold. */
  async #keepHold({ store, holdAddress }: GateSession, hold: Hold): Promise<ReconcileResult<GateResult>> {
    const writes = this.#holdNotice.renew(hold, holdAddress);
    if (writes.length > 0)
      await store.write([], writes).catch((error: Error) => this.#outage.logFailure(error.message));
    return { kind: 'requeue', afterMs: KEEP_HOLD_EVERY_MS };
  }
}
