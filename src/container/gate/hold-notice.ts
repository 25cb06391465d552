import { toSeconds } from '../../contract/timestamps.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import { encodeHold, HOLD_FIELD, HOLD_RENEWAL_MS, HOLD_TTL_MS } from '../../contract/gate/hold.ts';
import type { RowAddress, RowValues, RowWrite } from '../../contract/rows.ts';
import type { Hold } from '../../decide/gate/hold-reasons.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';

/** Tells people why this container is held: in the log, and in the row CONTAINER_HOLD of STATE_DB. */
export class HoldNotice {
  readonly #claim: Claim;
  readonly #log: Log;
  readonly #clock: Clock;
  #current: Hold | undefined;
  /** A write of the row has at least begun, and the row was not removed since. */
  #mayExist = false;
  #canBeWritten = true;
  #sinceTs = 0;
  #renewedMs = 0;
  #loggedMs = -HOLD_RENEWAL_MS;

  constructor(claim: Claim, ports: { readonly log: Log; readonly clock: Clock }) {
    this.#claim = claim;
    this.#log = ports.log;
    this.#clock = ports.clock;
  }

  /** Boot clock: when the row is to be renewed; undefined while the container is not held. */
  get renewalMs(): number | undefined {
    return this.#current === undefined ? undefined : this.#renewedMs + HOLD_RENEWAL_MS;
  }

  /**
   * The row of a hold that is new, or was last written a minute ago, or is lost, to be written at `address`; otherwise empty.
   * The hold is logged when it is new, and once a minute.
   */
  renew(hold: Hold, address: RowAddress): RowWrite[] {
    const isNew = hold.reason !== this.#current?.reason;
    const isSame = !isNew && hold.text === this.#current?.text;
    if (isSame && this.#clock.bootMs() < (this.renewalMs ?? 0)) return [];
    if (isNew) this.#sinceTs = toSeconds(this.#clock.wallMs());
    this.#current = hold;
    this.#mayExist = true;
    const nowMs = this.#clock.bootMs();
    this.#renewedMs = nowMs;
    const { feature, owner, version } = this.#claim;
    if (!isSame || nowMs >= this.#loggedMs + HOLD_RENEWAL_MS) {
      this.#loggedMs = nowMs;
      this.#log.warn(`${feature}: held (${hold.reason}): ${hold.text}`, { feature, reason: hold.reason });
    }
    const bootId = this.#clock.bootId();
    const values = encodeHold({ owner, version, ...hold, sinceTs: this.#sinceTs, bootId, renewedMs: nowMs });
    return this.#canBeWritten ? [{ kind: 'set', address, values, ttlMs: HOLD_TTL_MS }] : [];
  }

  /** The removal of the row, to be written together with what ends the hold; empty if there can be no row. */
  planRemoval(address: RowAddress): RowWrite[] {
    return this.#mayExist ? [{ kind: 'delete', address }] : [];
  }

  /** The removal has been written. */
  recordRemoval(): void {
    this.#mayExist = false;
    this.#current = undefined;
  }

  /** The row was read. One that the server let expire too early is written again; a key that is no hash is not written. */
  recordSight({ values, problem }: Pick<RowValues, 'values' | 'problem'>): void {
    this.#canBeWritten = problem === undefined;
    if (this.#canBeWritten && values[HOLD_FIELD.renewedMs] === undefined) this.forgetRow();
  }

  /** The database may have lost the row, or never received it: the next `renew` writes it again. */
  forgetRow(): void {
    this.#renewedMs = -HOLD_RENEWAL_MS;
  }
}
