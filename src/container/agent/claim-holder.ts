import type { StoredClaim } from '../../contract/claim-file.ts';
import { ownRecord, planClaim, planHeartbeat, planLocalLabel, planRelease } from '../../contract/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { decodeStatus } from '../../contract/feature.ts';
import { decodeHeartbeat, encodeHeartbeat, type HealthStatus } from '../../contract/health.ts';
import {
  featureStatusRow,
  healthRow,
  hostStatusRow,
  type RowValues,
  type RowWrite,
} from '../../contract/rows.ts';
import { decideRenewal } from '../../decide/renewal.ts';
import { selectHolderRows } from '../../decide/startup-snapshot.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RowStore } from '../../ports/row-store.ts';

/** What a heartbeat found out. */
export type BeatResult =
  | { readonly kind: 'held' }
  /** The record was made, or made again. */
  | { readonly kind: 'recorded' }
  /** Somebody else wrote in between: look again soon. */
  | { readonly kind: 'contested' }
  | { readonly kind: 'superseded'; readonly text: string };

export interface HealthNow {
  readonly status: HealthStatus;
  readonly reason: string;
}

/** One claim in STATE_DB: renewed by heartbeats, made again where it was lost, released once. */
export class ClaimHolder {
  readonly claim: StoredClaim;
  readonly #store: RowStore;
  readonly #clock: Clock;
  readonly #databases: Databases;
  readonly #intervalMs: number;
  /** Of the last heartbeat written; undefined until the row was asked, as an agent started again goes on counting. */
  #seq: number | undefined;
  #healthySinceMs: number | undefined;
  #isRecorded: boolean;
  #isReleased = false;

  constructor(
    claim: StoredClaim,
    by: {
      readonly store: RowStore;
      readonly databases: Databases;
      readonly clock: Clock;
      readonly intervalMs: number;
    },
  ) {
    this.claim = claim;
    this.#store = by.store;
    this.#databases = by.databases;
    this.#clock = by.clock;
    this.#intervalMs = by.intervalMs;
    this.#isRecorded = claim.isRecorded;
  }

  /** Throws CtrkitError('database'). */
  async beat(health: HealthNow): Promise<BeatResult> {
    this.#seq ??= await this.readSeq();
    // A claim that was never recorded is made as the gate would have made it: owner local always goes.
    if (!this.#isRecorded) return this.record([], health);
    if (await this.write([ownRecord(this.claim)], this.planBeat(health))) {
      this.#seq += 1;
      return { kind: 'held' };
    }

    const rows = await this.#store.read(selectHolderRows(this.claim.feature));
    const now = { bootId: this.#clock.bootId(), ms: this.#clock.bootMs() };
    const [status, beat] = rows.map((row) => row.values);
    const renewal = decideRenewal(decodeStatus(status ?? {}), decodeHeartbeat(beat ?? {}), this.claim, now);
    if (renewal.kind !== 'superseded') return this.record(rows, health);
    this.#healthySinceMs = undefined;
    return renewal;
  }

  /**
   * Gives the feature up, once. False if the record was not ours any more: then it is left as it is.
   * Throws CtrkitError('database').
   */
  async release(): Promise<boolean> {
    this.#isReleased = true;
    const { claim } = this;
    const host = hostStatusRow(claim.feature, this.#databases.asic);
    const hostsRow: RowWrite[] = claim.isMirrored
      ? [{ kind: 'set', address: host, values: { remote_state: 'stopped' } }]
      : [];
    const writes = [planRelease(claim, this.#clock.wallMs()), ...hostsRow];
    if (await this.#store.write([ownRecord(claim)], writes)) return true;
    // The host side clears owner and id when it stops a container, and leaves the rest to us.
    const values = { claim_token: claim.token, current_owner: 'none' };
    return this.#store.write([{ address: featureStatusRow(claim.feature), values }], writes);
  }

  private async readSeq(): Promise<number> {
    const address = healthRow(this.claim.feature);
    const [row] = await this.#store.read([{ address, fields: ['token', 'seq'] }]);
    const isOurs = row?.values['token'] === this.claim.token;
    return isOurs ? Number.parseInt(row?.values['seq'] ?? '', 10) || 0 : 0;
  }

  private async record(guards: readonly RowValues[], health: HealthNow): Promise<BeatResult> {
    const now = { bootId: this.#clock.bootId(), bootMs: this.#clock.bootMs(), wallMs: this.#clock.wallMs() };
    const isLabelled = this.claim.owner === 'local' && this.#databases.hostState !== undefined;
    const writes = [
      ...planClaim(this.claim, now),
      ...this.planBeat(health),
      ...(isLabelled ? [planLocalLabel(this.claim, 'hostState')] : []),
    ];
    if (!(await this.write(guards, writes))) return { kind: 'contested' };
    this.#isRecorded = true;
    this.#seq = (this.#seq ?? 0) + 1;
    return { kind: 'recorded' };
  }

  private planBeat(health: HealthNow): RowWrite[] {
    const beatMs = this.#clock.bootMs();
    const isHealthy = health.status === 'healthy' || health.status === 'degraded';
    this.#healthySinceMs = isHealthy ? (this.#healthySinceMs ?? beatMs) : undefined;
    const values = encodeHeartbeat({
      ...this.claim,
      ...health,
      bootId: this.#clock.bootId(),
      seq: (this.#seq ?? 0) + 1,
      intervalMs: this.#intervalMs,
      beatMs,
      healthySinceMs: this.#healthySinceMs,
      restarts: 0,
      updatedTs: Math.floor(this.#clock.wallMs() / 1000),
    });
    return [planHeartbeat(this.claim.feature, values)];
  }

  /** After a release nothing is written any more, whatever was under way: it would bring the record back. */
  private async write(guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    return !this.#isReleased && this.#store.write(guards, writes);
  }
}
