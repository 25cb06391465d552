import { once } from 'node:events';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { Backoff, DATABASE_BACKOFF } from '../../loop/backoff.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import type { HealthMonitor } from '../health/health-monitor.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import type { BeatResult, HealthNow } from './claim-holder.ts';
import { ClaimController, type FeatureControllerPorts } from './claim-controller.ts';
import type { CriticalExit } from './critical-exit-controller.ts';
import type { PolicyReader } from './policy-reader.ts';

/** The gate's claim is seen by inotify; this is for a file system that has none. */
const IDLE_POLL_MS = 5_000;
/** For the first round of checks of an agent that was started again; its last heartbeat is still good meanwhile. */
const LONGEST_SETTLING_MS = 5_000;
const SETTLE_POLL_MS = 50;

export interface AgentPorts extends FeatureControllerPorts {
  readonly gateNoticeFile: GateNoticeFile;
  /** Calls `onChange` when the claim or the gate's notice may have changed; returns how to stop. */
  watchFiles(onChange: () => void): () => void;
  readonly monitor: HealthMonitor;
  readonly policyReader: PolicyReader;
  readonly criticalExit: CriticalExit;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface AgentSettings {
  readonly heartbeatIntervalMs: number;
  readonly releaseAfterMs: number;
}

/**
 * The resident process of a container: waits for the gate's claim, renews it with a heartbeat that says how the
 * container is, makes it again where a database lost it, and releases it when the container stops.
 */
export class Agent {
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #keeper: ClaimController;
  readonly #outage: OutageLog;
  readonly #memoryOutage: OutageLog;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;
  #settleByMs: number | undefined;
  #isStopping = false;
  #ended: Promise<void> | undefined;
  readonly #end = new AbortController();
  #cancelRelease: (() => void) | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#backoff = new Backoff(DATABASE_BACKOFF, ports.random);
    this.#settings = settings;
    this.#keeper = new ClaimController(ports, settings.heartbeatIntervalMs, this.notify);
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#memoryOutage = new OutageLog(ports.log, ports.clock);
  }

  /** Resolves when the claim has been released, or nothing more can be done about it. */
  async run(): Promise<void> {
    const { monitor } = this.#ports;
    const unwatch = this.#ports.watchFiles(this.notify);
    // A heartbeat that hangs on a database must not keep the agent beyond its time; and the probe is answered
    // whatever a database does.
    try {
      await Promise.race([this.renew(), monitor.run(), once(this.#end.signal, 'abort')]);
    } finally {
      // After a defect of the one the other must not go on as if all were well: nobody would start the agent again.
      if (this.#ended === undefined) this.leave();
      monitor.end();
      unwatch();
    }
    await this.#ended;
  }

  /** Something has happened that is worth a heartbeat at once: bound, to be handed out. */
  readonly notify = (): void => this.#wakeup.notify();

  /** supervisord is stopping: its programs first, this listener last. */
  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#ports.monitor.stop();
    // Programs that take long must not eat the grace period: after it nobody would release.
    this.#cancelRelease = this.#ports.clock.schedule(this.#settings.releaseAfterMs, () =>
      this.end('the programs take long to stop'),
    );
    this.notify();
  }

  /** Releases the claim; more calls change nothing. */
  end(why: string): void {
    this.#ended ??= this.release(why);
    this.#end.abort();
    this.notify();
  }

  /**
   * supervisord has gone. Unless it was stopping, its programs may still run, and a record cleared beneath them would
   * let another container in beside: then the record is left to go overdue.
   */
  abandoned(): void {
    if (this.#isStopping) return this.end('supervisord is gone');
    if (this.#ended !== undefined) return;
    this.leave();
    this.#end.abort();
  }

  /** The record stays as it is. */
  private leave(): void {
    this.#ended = Promise.resolve();
    this.#keeper.close();
    this.notify();
  }

  private async renew(): Promise<void> {
    while (this.#ended === undefined) await this.#wakeup.sleep(await this.step());
  }

  /** Does what is due now and returns for how long to sleep. */
  private async step(): Promise<number> {
    try {
      const claim = this.#ports.claimFile.read();
      this.show(claim);
      const held = this.#keeper.adopt(claim);
      if (held === undefined || claim === undefined) return IDLE_POLL_MS;
      // Whatever the database does.
      this.remember(claim, claim.isRecorded);
      if (this.isSettling(claim)) return SETTLE_POLL_MS;
      await this.#ports.policyReader.read(held.store, claim.feature);
      const result = await held.holder.beat(this.healthNow());
      this.tell(result, claim);
      if (result.kind === 'contested') return this.#backoff.fail();
      this.#backoff.succeed();
      return this.#settings.heartbeatIntervalMs;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      if (this.#ended === undefined) this.#outage.fail(error.message);
      return this.#backoff.fail();
    } finally {
      this.#ports.criticalExit.look(this.#ports.policyReader.policy);
    }
  }

  /** Tells the monitor how far start.sh has come with the gate. */
  private show(claim: StoredClaim | undefined): void {
    const { monitor, gateNoticeFile } = this.#ports;
    if (claim !== undefined) return monitor.passGate(claim);
    const notice = gateNoticeFile.read();
    monitor.closeGate(
      notice === undefined ? { kind: 'not-asked' } : { kind: notice.state, text: notice.text },
    );
  }

  /** An agent that was started again says nothing for a moment, rather than that it does not know. */
  private isSettling(claim: StoredClaim): boolean {
    const { monitor, clock } = this.#ports;
    this.#settleByMs ??= clock.bootMs() + Math.min(LONGEST_SETTLING_MS, this.#settings.heartbeatIntervalMs);
    return claim.hasStarted && !monitor.health.isSettled && clock.bootMs() < this.#settleByMs;
  }

  private healthNow(): HealthNow {
    const report = this.#ports.monitor.health.report();
    const isUp = report.answers.readiness === 0;
    const isWanted = this.#ports.policyReader.policy.isUpStatusWanted;
    return { ...report, upStatus: isWanted ? { isUp, failReason: isUp ? '' : report.reason } : undefined };
  }

  private tell(result: BeatResult, claim: StoredClaim): void {
    const { log, monitor } = this.#ports;
    if (result.kind === 'superseded') {
      monitor.supersede(result.text);
      this.#outage.fail(
        `${claim.feature}: ${result.text}. This container writes nothing any more; restart or stop it`,
      );
      return;
    }
    if (result.kind === 'contested') return;
    monitor.supersede('');
    this.#outage.mend(`${claim.feature}: the record is in order again`);
    if (result.kind === 'recorded')
      log.info(`${claim.feature}: recorded as running in STATE_DB, which did not know (any more)`);
    this.remember(claim, true);
  }

  /**
   * For the agent that comes after this one: it must not take the feature from whoever holds it by then, nor take
   * for a start-up what is none.
   */
  private remember(claim: StoredClaim, isRecorded: boolean): void {
    const { claimFile, monitor } = this.#ports;
    const hasStarted = claim.hasStarted || monitor.health.hasStarted;
    if (claim.isRecorded === isRecorded && claim.hasStarted === hasStarted) return;
    // A gate may have left another one meanwhile.
    if (claimFile.read()?.token !== claim.token) return;
    try {
      claimFile.write({ ...claim, isRecorded, hasStarted });
      this.#memoryOutage.mend(`${claim.feature}: what the next agent has to know is kept again`);
    } catch (error) {
      // A full disk is no reason to renew the claim any other way; it is tried again with the next heartbeat.
      if (!(error instanceof CtrkitError)) throw error;
      this.#memoryOutage.fail(error.message);
    }
  }

  private async release(why: string): Promise<void> {
    this.#cancelRelease?.();
    await this.#keeper.release(why);
    // Stopped alone, by supervisorctl, it leaves the file for the agent that comes after: the application still runs.
    if (this.#isStopping) this.#ports.claimFile.remove();
  }
}
