import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredClaim } from '../../contract/claim-file.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { decideBackoffMs } from '../../decide/backoff.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { OutageLog } from '../outage-log.ts';
import { Wakeup } from '../wakeup.ts';
import { ClaimHolder, type BeatResult } from './claim-holder.ts';

/** The gate's claim is seen by inotify; this is for a file system that has none. */
const IDLE_POLL_MS = 5_000;
/** After its SIGTERM the agent is gone within a second, database or not (CONTRACT, section 7). */
const RELEASE_LIMIT_MS = 800;

export interface AgentPorts {
  /** Throws CtrkitError('usage' or 'database'). `redisUrl` is what the gate was given, empty if nothing. */
  findDatabases(redisUrl: string): Databases;
  /** `onLost`: a server has ended the connection, and may come back empty; a heartbeat finds out. */
  openStore(databases: Databases, onLost: () => void): RowStore;
  readonly claimFile: ClaimFile;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  random(): number;
}

export interface AgentSettings {
  readonly heartbeatIntervalMs: number;
  readonly releaseAfterMs: number;
}

interface Held {
  readonly holder: ClaimHolder;
  readonly store: RowStore;
}

/**
 * The resident process of a container, one whatever it will do later: waits for the gate's claim, renews it, makes
 * it again where a database lost it, and releases it when the container stops.
 */
export class Agent {
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #outage: OutageLog;
  readonly #wakeup = new Wakeup();
  #held: Held | undefined;
  #failures = 0;
  #isStopping = false;
  #ended: Promise<void> | undefined;
  readonly #end = new AbortController();
  #releaseTimer: NodeJS.Timeout | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** Resolves when the claim has been released, or nothing more can be done about it. */
  async run(): Promise<void> {
    const unwatch = this.#ports.claimFile.watch(this.#wakeup.notify);
    // A heartbeat that hangs on a database must not keep the agent beyond its time.
    await Promise.race([this.renew(), once(this.#end.signal, 'abort')]);
    unwatch();
    await this.#ended;
  }

  private async renew(): Promise<void> {
    while (this.#ended === undefined) await this.#wakeup.sleep(await this.step());
  }

  /** supervisord is stopping: its programs first, this listener last. */
  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    // Programs that take long must not eat the grace period: after it nobody would release.
    this.#releaseTimer = setTimeout(
      () => this.end('the programs take long to stop'),
      this.#settings.releaseAfterMs,
    );
    this.#wakeup.notify();
  }

  /** Releases the claim; more calls change nothing. */
  end(why: string): void {
    this.#ended ??= this.release(why);
    this.#end.abort();
    this.#wakeup.notify();
  }

  /**
   * supervisord has gone. Unless it was stopping, its programs may still run, and a record cleared beneath them would
   * let another container in beside: then the record is left to go overdue.
   */
  abandoned(): void {
    if (this.#isStopping) return this.end('supervisord is gone');
    if (this.#ended !== undefined) return;
    this.#ended = Promise.resolve();
    this.#held?.store.close();
    this.#end.abort();
    this.#wakeup.notify();
  }

  /** Does what is due now and returns for how long to sleep. */
  private async step(): Promise<number> {
    try {
      const held = this.adopt(this.#ports.claimFile.read());
      if (held === undefined) return IDLE_POLL_MS;
      const result = await held.holder.beat({
        status: this.#isStopping ? 'stopping' : 'healthy',
        reason: '',
      });
      this.tell(result, held.holder.claim);
      this.#failures = result.kind === 'contested' ? this.#failures + 1 : 0;
      return this.#failures > 0
        ? decideBackoffMs(this.#failures, this.#ports.random())
        : this.#settings.heartbeatIntervalMs;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#failures += 1;
      if (this.#ended === undefined) this.#outage.fail(error.message);
      return decideBackoffMs(this.#failures, this.#ports.random());
    }
  }

  /** The claim to hold is the one in the file: another one since the last look, or none any more. */
  private adopt(claim: StoredClaim | undefined): Held | undefined {
    if (claim?.token === this.#held?.holder.claim.token) return this.#held;
    this.#held?.store.close();
    this.#held = undefined;
    if (claim === undefined) return undefined;
    const { clock, log } = this.#ports;
    const databases = this.#ports.findDatabases(claim.redisUrl);
    for (const warning of databases.warnings) log.warn(warning);
    const store = this.#ports.openStore(databases, this.#wakeup.notify);
    const intervalMs = this.#settings.heartbeatIntervalMs;
    this.#held = { store, holder: new ClaimHolder(claim, { store, databases, clock, intervalMs }) };
    log.info(
      `${claim.feature}: holding the claim: ${claim.owner}, version ${claim.version}, container ${claim.dockerId}`,
      {
        databases: databases.source,
      },
    );
    return this.#held;
  }

  /** A container may be stopped before the agent has seen the claim its gate has just made. */
  private adoptLast(): Held | undefined {
    try {
      return this.#held ?? this.adopt(this.#ports.claimFile.read());
    } catch (error) {
      this.#ports.log.error(`not released, the record goes overdue by itself: ${(error as Error).message}`);
      return undefined;
    }
  }

  private tell(result: BeatResult, claim: StoredClaim): void {
    const { log, claimFile } = this.#ports;
    if (result.kind === 'superseded') {
      this.#outage.fail(
        `${claim.feature}: ${result.text}. This container writes nothing any more; restart or stop it`,
      );
      return;
    }
    if (result.kind === 'contested') return;
    this.#outage.mend(`${claim.feature}: the record is in order again`);
    if (result.kind !== 'recorded') return;
    log.info(`${claim.feature}: recorded as running in STATE_DB, which did not know (any more)`);
    // An agent that is started again must not take the feature from whoever holds it by then.
    if (!claim.isRecorded) claimFile.write({ ...claim, isRecorded: true });
  }

  private async release(why: string): Promise<void> {
    clearTimeout(this.#releaseTimer);
    const { claimFile, log } = this.#ports;
    const held = this.adoptLast();
    if (held !== undefined) {
      const limit = new AbortController();
      const outOfTime = sleep(RELEASE_LIMIT_MS, 'out of time', { signal: limit.signal }).catch(
        () => 'aborted',
      );
      const result = await Promise.race([
        held.holder.release().catch((error: Error) => error.message),
        outOfTime,
      ]);
      limit.abort();
      log.info(`${held.holder.claim.feature}: ${describeRelease(result)} (${why})`);
      held.store.close();
    }
    // Stopped alone, by supervisorctl, it leaves the file for the agent that comes after: the application still runs.
    if (this.#isStopping) claimFile.remove();
  }
}

function describeRelease(result: boolean | string): string {
  if (result === true) return 'released';
  if (result === false)
    return 'not released: the record is not this container’s any more, and is left as it is';
  return `not released, the record goes overdue by itself: ${result}`;
}
