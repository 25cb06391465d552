import type { Claim } from '../../contract/claim.ts';
import { encodeHold, HOLD_RENEWAL_MS, HOLD_TTL_MS, type HoldReason } from '../../contract/hold.ts';
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
  #sinceTs = 0;
  #renewedMs = 0;

  constructor(claim: Claim, separator: string, ports: { readonly log: Log; readonly clock: Clock }) {
    this.#claim = claim;
    this.#log = ports.log;
    this.#clock = ports.clock;
    this.#address = holdRow(claim.feature, claim.dockerId, separator);
  }

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  /** Boot clock: when it has to be renewed. */
  get renewalMs(): number {
    return this.#renewedMs + HOLD_RENEWAL_MS;
  }

  /** Logs what is new or a minute old, and returns the row to write then. */
  put(hold: Hold): RowWrite[] {
    const isNew = hold.reason !== this.#current?.reason;
    const isSame = !isNew && hold.text === this.#current?.text;
    if (isSame && this.#clock.bootMs() < this.renewalMs) return [];
    if (isNew) this.#sinceTs = Math.floor(this.#clock.wallMs() / 1000);
    this.#current = hold;
    this.#renewedMs = this.#clock.bootMs();
    const { feature, owner, version } = this.#claim;
    this.#log.warn(`${feature}: held (${hold.reason}): ${hold.text}`, { feature, reason: hold.reason });
    const bootId = this.#clock.bootId();
    const values = encodeHold({ owner, version, ...hold, sinceTs: this.#sinceTs, bootId });
    return [{ kind: 'set', address: this.#address, values, ttlMs: HOLD_TTL_MS }];
  }

  /** Returns the row's removal if it stands. */
  lift(): RowWrite[] {
    if (this.#current === undefined) return [];
    this.#current = undefined;
    return [{ kind: 'delete', address: this.#address }];
  }
}
