import { once } from 'node:events';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { HealthMonitor } from '../health/health-monitor.ts';
import { ClaimController } from './claim-controller.ts';
import { releaseIntended, type IntendedReleasePorts } from './release-intended.ts';
import { HeartbeatLoop, type HeartbeatPorts } from './heartbeat-loop.ts';
import { PresenceUpdater, type PresenceUpdaterPorts } from './presence-updater.ts';

export interface AgentPorts
  extends Omit<HeartbeatPorts, 'presence'>, PresenceUpdaterPorts, IntendedReleasePorts {
  /** Calls `onChange` when the claim file or the gate's notice may have changed; returns how to stop that. */
  readonly watchFiles: (onChange: () => void) => () => void;
  readonly monitor: HealthMonitor;
}

export interface AgentSettings {
  readonly heartbeatIntervalMs: number;
  /** Milliseconds from the beginning of a stop to the release, if the programs have not ended by then. */
  readonly releaseAfterMs: number;
}

/**
 * The resident process of a container. It monitors the container's health, renews the gate's claim with heartbeats that
 * report the health, and releases the claim when the container stops. This class is its life cycle: start, stop and end.
 */
export class Agent {
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #claims: ClaimController;
  readonly #heartbeats: HeartbeatLoop;
  readonly #presence: PresenceUpdater;
  #isStopping = false;
  /** Resolves when the claim has been released, or left as it is; undefined while it is renewed. */
  #released: Promise<void> | undefined;
  readonly #end = new AbortController();
  #cancelRelease: (() => void) | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#claims = new ClaimController(ports, settings.heartbeatIntervalMs, () =>
      this.#heartbeats.notifyLost(),
    );
    this.#presence = new PresenceUpdater(ports);
    this.#heartbeats = new HeartbeatLoop(
      { ...ports, presence: this.#presence },
      this.#claims,
      settings.heartbeatIntervalMs,
    );
  }

  /** Resolves after `end` or `abandon`. Throws a defect of the checks or of the heartbeats. */
  async run(): Promise<void> {
    const { monitor } = this.#ports;
    const unwatch = this.#ports.watchFiles(this.notify);
    // A heartbeat that hangs on a database must not delay the end of the agent, and the probe is answered even if a
    // database hangs. A release ends the heartbeats, not the answers.
    try {
      const loops = Promise.all([this.#beat(), monitor.run()]);
      await Promise.race([loops, once(this.#end.signal, 'abort')]);
    } finally {
      // If one of them ends with a defect, the other must end too: a half-working agent would not be restarted.
      if (this.#released === undefined) this.#leaveClaim();
      monitor.end();
      unwatch();
    }
    await this.#released;
  }

  /** A heartbeat that is under way may connect again after the release has closed the connection: nothing else would end that. */
  async #beat(): Promise<void> {
    try {
      await this.#heartbeats.run();
    } finally {
      await this.#released;
      this.#claims.close();
    }
  }

  /** Makes a heartbeat at once, because what it reports has changed. A bound function, to be passed as a listener. */
  readonly notify = (): void => this.#heartbeats.notify();

  /**
   * supervisord has begun to stop the container: its programs first, this listener last. The probe is answered until then;
   * the claim is released before, if the programs take long. Further calls do nothing.
   */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#presence.stop();
    this.#ports.monitor.stop();
    // Programs that stop slowly must not use up the grace period: after it the agent is killed and nobody releases.
    this.#cancelRelease = this.#ports.clock.schedule(this.#settings.releaseAfterMs, () =>
      this.#releaseOnce('the programs take long to stop'),
    );
    this.notify();
  }

  /** Releases the claim and ends the agent. Further calls do nothing. */
  end(why: string): void {
    this.#releaseOnce(why);
    this.#end.abort();
  }

  /**
   * supervisord has ended, or can't be heard any more. If it was not stopping, its programs may still run, and a release
   * would let another container start beside them: then the record stays for the next agent, or goes overdue.
   */
  abandon(why: string): void {
    if (this.#isStopping) return this.end(why);
    if (this.#released === undefined) this.#leaveClaim();
    this.#end.abort();
  }

  /** The record stays as it is. */
  #leaveClaim(): void {
    this.#heartbeats.stop();
    this.#claims.close();
    this.#released = Promise.resolve();
  }

  #releaseOnce(why: string): void {
    this.#heartbeats.stop();
    this.#released ??= this.#release(why);
  }

  async #release(why: string): Promise<void> {
    this.#cancelRelease?.();
    // On a busy machine the stop may come before a heartbeat could report it.
    const last = this.#isStopping ? this.#heartbeats.readHealth() : undefined;
    const isReleased = await this.#claims.release(why, last);
    // What a gate has left meanwhile, or is about to leave.
    if (!isReleased && this.#isStopping && (await releaseIntended(this.#ports, why)))
      await this.#claims.release(why, last);
    // If supervisorctl stops the agent alone, the application still runs: the next agent needs the file. So does that after a
    // reload of supervisord, which looks like a stop, where no gate is asked again.
    const { claimFile } = this.#ports;
    if (this.#isStopping && !isKept(claimFile)) claimFile.remove();
  }
}

/** What can't be read is nothing that a next agent could take up. */
function isKept(claimFile: Pick<ClaimFile, 'read'>): boolean {
  try {
    return claimFile.read()?.isOutside === true;
  } catch {
    return false;
  }
}
