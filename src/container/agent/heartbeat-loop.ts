import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import type { HealthReport } from '../../contract/health/health-report.ts';
import type { HeartbeatHealth } from '../../decide/gate/heartbeat-writes.ts';
import { Backoff, DATABASE_BACKOFF } from '../../loop/backoff.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { HealthMonitor } from '../health/health-monitor.ts';
import { AskedAgain, type AskedAgainPorts } from './asked-again.ts';
import type { ClaimController, ClaimControllerPorts } from './claim-controller.ts';
import type { BeatResult } from './claim-holder.ts';
import { ClaimFileUpdater } from './claim-file-updater.ts';
import type { CriticalExitController } from './critical-exit-controller.ts';
import type { PolicyReader } from './policy-reader.ts';
import type { UnclaimedController } from './unclaimed-controller.ts';
import type { PresenceUpdater } from './presence-updater.ts';

/** A container that stops and has no claim has nothing to do here. */
const STOPPING_POLL_MS = 5_000;
/** An agent that was restarted waits so long for its first results; the last heartbeat is not overdue before that. */
const LONGEST_SETTLING_MS = 5_000;
const SETTLE_POLL_MS = 50;
const REPLACED =
  'superseded: another container has claimed the feature since, and only a restart asks the gate again';

export interface HeartbeatPorts extends ClaimControllerPorts, Pick<AskedAgainPorts, 'isOwnProcess'> {
  readonly gateNoticeFile: GateNoticeFile;
  readonly monitor: Pick<HealthMonitor, 'health' | 'passGate' | 'closeGate' | 'supersede'>;
  readonly policyReader: PolicyReader;
  readonly criticalExit: Pick<CriticalExitController, 'reconcile'>;
  readonly presence: Pick<PresenceUpdater, 'update'>;
  readonly unclaimed: Pick<UnclaimedController, 'reconcile' | 'passClaim' | 'finding'>;
  /** Told of each heartbeat; `away`: the database did not answer, or refused. Optional. */
  readonly reportBeat?: (outcome: BeatResult['kind'] | 'away') => void;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/**
 * Waits for the gate's claim, and renews it with a heartbeat every interval, and at once after `notify`. If a database is
 * away, or another writer comes in between, it tries again after a back-off.
 */
export class HeartbeatLoop {
  readonly #ports: HeartbeatPorts;
  readonly #claims: ClaimController;
  readonly #intervalMs: number;
  readonly #outage: OutageLog;
  readonly #claimFile: ClaimFileUpdater;
  readonly #askedAgain: AskedAgain;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;
  /** Of connections that answered and were lost: a server that drops each of them must not have us back at once. */
  readonly #lossBackoff: Backoff;
  readonly #log: RepeatLog;
  /** Boot clock: of the last loss of a connection, and how long the next try has to wait for it. */
  #lostMs = -Infinity;
  #waitUntilMs = -Infinity;
  #settleByMs: number | undefined;
  #isStopped = false;

  constructor(ports: HeartbeatPorts, claims: ClaimController, intervalMs: number) {
    // A gate gives this agent one lease after an outage: it is back well within that.
    const timing = { ...DATABASE_BACKOFF, longestMs: Math.min(DATABASE_BACKOFF.longestMs, intervalMs) };
    this.#ports = ports;
    this.#claims = claims;
    this.#intervalMs = intervalMs;
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#claimFile = new ClaimFileUpdater(ports);
    this.#askedAgain = new AskedAgain(ports);
    this.#wakeup = new Wakeup(ports.clock);
    this.#backoff = new Backoff(timing, ports.random);
    this.#lossBackoff = new Backoff(timing, ports.random);
    this.#log = new RepeatLog((text) => ports.log.info(text), ports.clock);
  }

  /** Resolves after `stop` and the end of the heartbeat that is under way. Throws only a defect. */
  async run(): Promise<void> {
    while (!this.#isStopped) await this.#wakeup.sleep(await this.#reconcile());
  }

  notify(): void {
    this.#wakeup.notify();
  }

  /** The server has ended the connection. It may have come back empty: the first time that is found out at once. */
  notifyLost(): void {
    const nowMs = this.#ports.clock.bootMs();
    const waitMs = this.#lossBackoff.recordFailure();
    this.#lostMs = nowMs;
    if (this.#lossBackoff.failures > 1) this.#waitUntilMs = nowMs + waitMs;
    this.#claims.recordFailure();
    this.#wakeup.notify();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wakeup.notify();
  }

  /** Does what is due now; returns how many milliseconds to sleep. */
  async #reconcile(): Promise<number> {
    const { clock, monitor, policyReader, criticalExit, presence, unclaimed } = this.#ports;
    presence.update();
    const waitMs = this.#waitUntilMs - clock.bootMs();
    if (waitMs > 0 && !this.#isStopped) return waitMs;
    try {
      const claim = this.#claimFile.read();
      passToMonitor(this.#ports, claim, this.#askedAgain);
      const active = this.#claims.adopt(claim);
      if (active === undefined || claim === undefined) return await watchUnclaimed(this.#ports);
      unclaimed.passClaim(!monitor.health.hasStarted);
      // Before the database is used, which may be away.
      this.#claimFile.update(claim.isRecorded);
      if (this.#isSettling(claim)) return SETTLE_POLL_MS;
      const { holder, store } = active;
      const problems = await holder.frost.watch(() =>
        policyReader.read(store, claim.feature, clock.bootMs()),
      );
      for (const problem of problems) this.#log.log(`${claim.feature}: not read: ${problem}`);
      monitor.health.update({ rebootSinceMs: policyReader.policy.rebootSinceMs });
      const result = await holder.beat(this.readHealth());
      this.#ports.reportBeat?.(result.kind);
      // After the release there is nothing to keep for a next agent.
      if (!this.#isStopped) this.#reportResult(result, claim);
      if (result.kind === 'contested') return this.#backoff.recordFailure();
      this.#backoff.recordSuccess();
      if (clock.bootMs() >= this.#lostMs + this.#intervalMs) this.#lossBackoff.recordSuccess();
      return this.#intervalMs;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#claims.recordFailure();
      if (error.code === 'database') this.#ports.reportBeat?.('away');
      if (!this.#isStopped) this.#outage.logFailure(error.message);
      return this.#backoff.recordFailure();
    } finally {
      criticalExit.reconcile(policyReader.policy);
    }
  }

  /** A restarted agent waits for its first results: a heartbeat before them would report an unknown health. */
  #isSettling(claim: StoredClaim): boolean {
    const { monitor, clock } = this.#ports;
    this.#settleByMs ??= clock.bootMs() + Math.min(LONGEST_SETTLING_MS, this.#intervalMs);
    return claim.hasStarted && !monitor.health.isSettled && clock.bootMs() < this.#settleByMs;
  }

  /** What a heartbeat reports now. */
  readHealth(): HeartbeatHealth {
    const { monitor, policyReader } = this.#ports;
    return describeHealth(monitor.health.report(), policyReader.policy);
  }

  #reportResult(result: BeatResult, claim: StoredClaim): void {
    const { monitor } = this.#ports;
    if (result.kind === 'contested') return;
    if (result.kind === 'superseded') {
      // Nobody would restart a container of owner local, and its gate would let it go.
      if (result.isReplaced && claim.owner === 'kube') this.#claimFile.recordReplaced();
      monitor.supersede(result.text);
      this.#outage.logFailure(
        `${claim.feature}: ${result.text}. This container writes nothing any more; restart or stop it`,
      );
      return;
    }
    // Beside the other one it ran without a record: on record again it keeps a third one out, and the restart is due all the same.
    monitor.supersede(claim.isReplaced ? REPLACED : '');
    this.#outage.logRecovery(`${claim.feature}: the record is in order again`);
    if (result.kind === 'recorded')
      this.#log.log(`${claim.feature}: recorded as running in STATE_DB, which did not know (any more)`);
    this.#claimFile.update(true);
  }
}

/** The health for a heartbeat. `up_status` is for SONiC's sysmonitor, and is included only if CONFIG_DB wants it. */
function describeHealth(report: HealthReport, { isUpStatusWanted }: FeaturePolicy): HeartbeatHealth {
  const { status, reason, healthySinceMs, restarts, checks } = report;
  const isUp = report.answers.readiness === 0;
  const upStatus = isUpStatusWanted ? { isUp, failReason: isUp ? '' : reason } : undefined;
  return { status, reason, healthySinceMs, restarts, checks, upStatus };
}

const watchUnclaimed = async ({
  monitor,
  unclaimed,
}: Pick<HeartbeatPorts, 'monitor' | 'unclaimed'>): Promise<number> =>
  monitor.health.lifecycle.isStopping ? STOPPING_POLL_MS : unclaimed.reconcile();

/** Tells the monitor whether the gate is passed, and if not, why. */
function passToMonitor(
  { monitor, gateNoticeFile, unclaimed }: HeartbeatPorts,
  claim: StoredClaim | undefined,
  askedAgain: AskedAgain,
): void {
  if (claim !== undefined) {
    monitor.passGate(claim, askedAgain.find(claim));
    // Before a database has answered an agent that was started again.
    if (claim.isReplaced && monitor.health.lifecycle.superseded === '') monitor.supersede(REPLACED);
    return;
  }
  const notice = gateNoticeFile.read();
  monitor.closeGate(
    notice === undefined
      ? { kind: 'not-asked', ...unclaimed.finding }
      : { kind: notice.state, text: notice.text, servedUntilMs: notice.servedUntilMs },
  );
}
