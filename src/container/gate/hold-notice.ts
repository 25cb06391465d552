import type { Claim } from '../../contract/gate/claim.ts';
import { encodeHold, HOLD_RENEWAL_MS, HOLD_TTL_MS, type HoldReason } from '../../contract/gate/hold.ts';
import { holdRow, type RowAddress, type RowWrite } from '../../contract/rows.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';

export interface Hold {
  readonly reason: HoldReason;
  readonly text: string;
}

/** Tells people that, and why, this container is held: in the log, and as CONTAINER_HOLD in STATE_DB. */
export class HoldNotice {
  readonly #claim: Claim;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #address: RowAddress;
  #current: Hold | undefined;
  /** The row was written, or its writing begun, and not removed since. */
  #mayStand = false;
  #sinceTs = 0;
  #renewedMs = 0;

  constructor(claim: Claim, separator: string, ports: { readonly log: Log; readonly clock: Clock }) {
    this.#claim = claim;
    this.#log = ports.log;
    this.#clock = ports.clock;
    this.#address = holdRow(claim.feature, claim.dockerId, separator);
  }

  /** Boot clock: when the row has to be renewed; undefined while nothing is held. */
  get renewalMs(): number | undefined {
    return this.#current === undefined ? undefined : this.#renewedMs + HOLD_RENEWAL_MS;
  }

  /** Logs what is new or a minute old, and returns the row to write then. */
  put(hold: Hold): RowWrite[] {
    const isNew = hold.reason !== this.#current?.reason;
    const isSame = !isNew && hold.text === this.#current?.text;
    if (isSame && this.#clock.bootMs() < (this.renewalMs ?? 0)) return [];
    if (isNew) this.#sinceTs = Math.floor(this.#clock.wallMs() / 1000);
    this.#current = hold;
    this.#mayStand = true;
    this.#renewedMs = this.#clock.bootMs();
    const { feature, owner, version } = this.#claim;
    this.#log.warn(`${feature}: held (${hold.reason}): ${hold.text}`, { feature, reason: hold.reason });
    const bootId = this.#clock.bootId();
    const values = encodeHold({ owner, version, ...hold, sinceTs: this.#sinceTs, bootId });
    return [{ kind: 'set', address: this.#address, values, ttlMs: HOLD_TTL_MS }];
  }

  /** The row's removal, to be written with what ends the hold. */
  planLift(): RowWrite[] {
    return this.#mayStand ? [{ kind: 'delete', address: this.#address }] : [];
  }

  /** The removal is written. */
  lifted(): void {
    this.#mayStand = false;
    this.#current = undefined;
  }

  /** The database may have lost the row, or never got it: it is due again. */
  forget(): void {
    this.#renewedMs = -HOLD_RENEWAL_MS;
  }
}
