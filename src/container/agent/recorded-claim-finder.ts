import type { Anchor } from '../../contract/anchor.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { findRecordedClaim, selectRecordedRows } from '../../decide/gate/recorded-claim.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';

/** Where an ungated application is only told of, the database is asked no more often. */
const ASK_AGAIN_MS = 60_000;

type OwnClaim = Pick<Claim, 'feature' | 'version'>;

export interface RecordedClaimPorts {
  readonly findDatabases: (redisUrl: string) => Databases;
  readonly openStore: (databases: Databases) => RowStore;
  readonly claimFile: Pick<ClaimFile, 'read' | 'write'>;
  readonly readDockerId: () => string;
  readonly anchor: Anchor;
  readonly containerStart: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * For an agent that finds no claim file: the file may have vanished while the agent before it was killed, which is no reason
 * to end the application, where STATE_DB has the claim.
 */
export class RecordedClaimFinder {
  readonly #ports: RecordedClaimPorts;
  #askedMs = -Infinity;

  constructor(ports: RecordedClaimPorts) {
    this.#ports = ports;
  }

  /**
   * Writes the claim file again, and returns true, if the record is a claim of this start of this container. False if it is
   * not, or can't be read: the claim is not proved. `version` is the container's own.
   */
  async restore(own: OwnClaim): Promise<boolean> {
    const { feature } = own;
    const { clock, log } = this.#ports;
    if (clock.bootMs() < this.#askedMs + ASK_AGAIN_MS) return false;
    this.#askedMs = clock.bootMs();
    try {
      return await this.#restore(own);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      log.error(`${feature}: whether this container has a claim on record can’t be told: ${error.message}`);
      return false;
    }
  }

  async #restore({ feature, version: imageVersion }: OwnClaim): Promise<boolean> {
    const { claimFile, anchor, containerStart, clock, log, ...ports } = this.#ports;
    const databases = ports.findDatabases('');
    const store = ports.openStore(databases);
    try {
      const asic = databases.hostState === undefined ? '' : databases.asic;
      const rows = await store.read(selectRecordedRows(feature, asic));
      const now = { bootId: clock.bootId(), bootMs: clock.bootMs() };
      const dockerId = ports.readDockerId();
      const found = findRecordedClaim({ rows, feature, dockerId, anchor, now, imageVersion });
      // What somebody has left there meanwhile counts.
      if (found === undefined || claimFile.read() !== undefined) return false;
      claimFile.write({ ...found, containerStart, redisUrl: '' });
      log.warn(`${feature}: claim.json had vanished: written again by the claim on record`);
      return true;
    } finally {
      store.close();
    }
  }
}
