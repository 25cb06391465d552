import { isDeepStrictEqual } from 'node:util';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { HeartbeatHealth } from '../../decide/gate/heartbeat-writes.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { ClaimHolder } from './claim-holder.ts';

/** The agent ends within a second after SIGTERM, with or without a database, and asks supervisord before (contract.md, section 7). */
const RELEASE_LIMIT_MS = 600;

export interface ClaimControllerPorts {
  /** Throws CtrkitError('usage' or 'database'). `redisUrl` is what the gate was given, empty if nothing. */
  readonly findDatabases: (redisUrl: string) => Databases;
  /** `onLost` is called when a server has ended the connection; it may come back empty, which a heartbeat finds out. */
  readonly openStore: (databases: Databases, onLost: () => void) => RowStore;
  readonly claimFile: ClaimFile;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ActiveClaim {
  readonly holder: ClaimHolder;
  readonly store: RowStore;
}

/** The active claim of this container, as in the claim file, and the connection that renews it. */
export class ClaimController {
  readonly #ports: ClaimControllerPorts;
  readonly #intervalMs: number;
  readonly #onLost: () => void;
  readonly #leftOut: RepeatLog;
  #hasFailed = false;
  #active: (ActiveClaim & { readonly databases: Databases }) | undefined;

  constructor(ports: ClaimControllerPorts, intervalMs: number, onLost: () => void) {
    this.#ports = ports;
    this.#intervalMs = intervalMs;
    this.#onLost = onLost;
    this.#leftOut = new RepeatLog((text) => ports.log.warn(text), ports.clock);
  }

  /** Makes the claim of the claim file the active one, and opens its connection; undefined if there is no claim. */
  adopt(claim: StoredClaim | undefined): ActiveClaim | undefined {
    if (claim?.token === this.#active?.holder.claim.token && !this.#isElsewhere()) return this.#active;
    this.close();
    if (claim === undefined) return undefined;
    const { clock, log } = this.#ports;
    const databases = this.#ports.findDatabases(claim.redisUrl);
    for (const warning of databases.warnings) log.warn(warning);
    const store = this.#ports.openStore(databases, this.#onLost);
    const onLeftOut = (problem: string): void =>
      this.#leftOut.log(`${claim.feature}: not written: ${problem}`);
    const holder = new ClaimHolder(claim, {
      store,
      databases,
      clock,
      intervalMs: this.#intervalMs,
      onLeftOut,
    });
    this.#active = { store, holder, databases };
    const { feature, owner, version, dockerId } = claim;
    log.info(`${feature}: holding the claim: ${owner}, version ${version}, container ${dockerId}`, {
      databases: databases.source,
    });
    return this.#active;
  }

  /** A heartbeat has failed, or the connection is lost: the database may be elsewhere by now. */
  recordFailure(): void {
    this.#hasFailed = true;
  }

  /**
   * Checked until a database has answered, and after each failure: the files that name the databases may have changed. While they
   * can't be read, what has answered counts on: they may be another server's, as the host's are on a multi-ASIC switch.
   */
  #isElsewhere(): boolean {
    if (this.#active === undefined || (this.#active.holder.hasReached && !this.#hasFailed)) return false;
    const { databases, holder } = this.#active;
    try {
      const found = this.#ports.findDatabases(holder.claim.redisUrl);
      this.#hasFailed = false;
      return !isDeepStrictEqual(found, databases);
    } catch (error) {
      if (!holder.hasReached || !(error instanceof CtrkitError) || error.code !== 'database') throw error;
      return false;
    }
  }

  close(): void {
    this.#active?.store.close();
    this.#active = undefined;
  }

  /**
   * Releases the claim within RELEASE_LIMIT_MS and logs the result; never throws. `last` is for its last heartbeat. False where
   * there is no claim.
   */
  async release(why: string, last?: HeartbeatHealth): Promise<boolean> {
    const active = this.#adoptLast();
    if (active === undefined) return false;
    const limit = new AbortController();
    const outOfTime = this.#ports.clock.sleep(RELEASE_LIMIT_MS, limit.signal).then(() => 'out of time');
    let isReleased = false;
    const onReleased = (): void => void (isReleased = true);
    const result = await Promise.race([
      active.holder.release(last, onReleased).catch((error: Error) => error.message),
      outOfTime,
    ]);
    limit.abort();
    this.#ports.log.info(`${active.holder.claim.feature}: ${describeRelease(result, isReleased)} (${why})`);
    active.store.close();
    return true;
  }

  /**
   * The container may be stopped before the agent has read the claim that the gate has just made, also where it holds an earlier
   * one of the same start.
   */
  #adoptLast(): ActiveClaim | undefined {
    try {
      const stored = this.#ports.claimFile.read();
      return stored === undefined || stored.isReleased ? this.#active : this.adopt(stored);
    } catch (error) {
      if (this.#active !== undefined) return this.#active;
      this.#ports.log.error(`not released, the record goes overdue by itself: ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** `isReleased`: the record is, whatever came of the rest. */
function describeRelease(result: boolean | string, isReleased: boolean): string {
  if (result === true) return 'released';
  if (result === false)
    return 'not released: the record is not this container’s any more, and is left as it is';
  if (isReleased) return `released, but the host's own row does not tell of it: ${result}`;
  return `not released, the record goes overdue by itself: ${result}`;
}
