import { once } from 'node:events';
import type { HealthMonitor } from '../health/health-monitor.ts';
import { ClaimController } from './claim-controller.ts';
import { HeartbeatLoop, type HeartbeatPorts } from './heartbeat-loop.ts';

export interface AgentPorts extends HeartbeatPorts {
  /** Calls `onChange` when the claim file or the gate's notice may have changed; returns how to stop that. */
  readonly watchFiles: (onChange: () => void) => () => void;
  readonly monitor: HealthMonitor;
}

export interface AgentSettings {
  readonly heartbeatIntervalMs: number;
  /** Milliseconds from the beginning of a stop to the release, where the programs take longer. */
  readonly releaseAfterMs: number;
}

/**
 * The resident process of a container: monitors its health, renews the gate's claim with heartbeats that tell it, and
 * releases the claim when the container stops. This class is its life cycle: what starts with it, and how it ends.
 */
export class Agent {
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #claims: ClaimController;
  readonly #heartbeats: HeartbeatLoop;
  #isStopping = false;
  /** Settled when the claim has been released, or left as it is; undefined while the agent goes on. */
  #ended: Promise<void> | undefined;
  readonly #end = new AbortController();
  #cancelRelease: (() => void) | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#claims = new ClaimController(ports, settings.heartbeatIntervalMs, this.notify);
    this.#heartbeats = new HeartbeatLoop(ports, this.#claims, settings.heartbeatIntervalMs);
  }

  /** Resolves when the claim has been released, or nothing more can be done about it. */
  async run(): Promise<void> {
    const { monitor } = this.#ports;
    const unwatch = this.#ports.watchFiles(this.notify);
    // A heartbeat that hangs on a database must not keep the agent beyond its time; and the probe is answered
    // whatever a database does.
    try {
      await Promise.race([this.#heartbeats.run(), monitor.run(), once(this.#end.signal, 'abort')]);
    } finally {
      // After a defect of the one the other must not go on as if all were well: nobody would start the agent again.
      if (this.#ended === undefined) this.#leaveClaim();
      monitor.end();
      unwatch();
    }
    await this.#ended;
  }

  /** A heartbeat is due at once: something has happened that it tells. Bound, to be handed out. */
  readonly notify = (): void => this.#heartbeats.notify();

  /** supervisord has begun to stop the container: its programs first, this listener last. More calls change nothing. */
  stop(): void {
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
    this.#heartbeats.stop();
    this.#ended ??= this.#release(why);
    this.#end.abort();
  }

  /**
   * supervisord has gone. Unless it was stopping, its programs may still run, and a record cleared beneath them would
   * let another container in beside: then the record is left to go overdue.
   */
  abandon(): void {
    if (this.#isStopping) return this.end('supervisord is gone');
    if (this.#ended === undefined) this.#leaveClaim();
    this.#end.abort();
  }

  /** The record stays as it is. */
  #leaveClaim(): void {
    this.#heartbeats.stop();
    this.#claims.close();
    this.#ended = Promise.resolve();
  }

  async #release(why: string): Promise<void> {
    this.#cancelRelease?.();
    await this.#claims.release(why);
    // Stopped alone, by supervisorctl, it leaves the file for the agent that comes after: the application still runs.
    if (this.#isStopping) this.#ports.claimFile.remove();
  }
}
