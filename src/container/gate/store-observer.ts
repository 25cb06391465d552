import { CtrkitError } from '../../contract/errors.ts';
import type { RowAddress, RowFields, RowValues } from '../../contract/rows.ts';
import {
  beginObservation,
  recordLook,
  recordOutage,
  type StoreObservation,
} from '../../decide/gate/observation.ts';
import type { HolderRows } from '../../decide/gate/startup-types.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RowStore } from '../../ports/row-store.ts';

/** What is read with one look. */
export interface LookRequest {
  readonly rows: readonly RowFields[];
  /** A row of the caller's own, which shows whether the server takes writes. */
  readonly probe: RowAddress;
  /** The holder's rows among those that were read. */
  readonly decode: (rows: readonly RowValues[]) => HolderRows;
}

export interface Look {
  readonly rows: readonly RowValues[];
  readonly refusal: string;
}

/** Throws CtrkitError('database') where the server takes no writes: nobody can renew a claim there. */
export function assertWritable({ refusal }: Look): void {
  if (refusal !== '') throw new CtrkitError('database', `the database refuses writes: ${refusal}`);
}

/** Reads rows, and keeps what that shows of the store: whoever judges the lease of a holder needs both from one step. */
export class StoreObserver {
  readonly #clock: Clock;
  #observation: StoreObservation;

  /** `intervalMs` is that of the heartbeats of the own container. */
  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#observation = beginObservation(intervalMs);
  }

  get observation(): StoreObservation {
    return this.#observation;
  }

  /** `refusal`: why the server takes no writes, which is an outage as much as a failed reading; empty where it does. */
  async look(store: RowStore, { rows, probe, decode }: LookRequest): Promise<Look> {
    const { rows: found, condition } = await store.readWithCondition(rows, probe).catch((error: unknown) => {
      this.recordOutage();
      throw error;
    });
    const { refusal, serverId, uptimeMs } = condition;
    const { status, heartbeat } = decode(found);
    const look = { serverId, uptimeMs, status, heartbeat, nowMs: this.#clock.bootMs() };
    if (refusal === '') this.#observation = recordLook(this.#observation, look);
    else this.recordOutage();
    return { rows: found, refusal };
  }

  /** A write has failed, or the watch has ended. */
  recordOutage(): void {
    this.#observation = recordOutage(this.#observation, this.#clock.bootMs());
  }

  /** Boot clock: a later look than this may miss an outage. Counts for the next look. */
  expectLookBy(lookByMs: number | undefined): void {
    this.#observation = { ...this.#observation, lookByMs };
  }
}
