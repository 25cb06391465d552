import { readTimestamps } from '../../loop/timestamps.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import {
  ownRecord,
  planClaim,
  planHeartbeat,
  planLocalLabel,
  planReleases,
} from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { decodeStatus } from '../../contract/feature/feature.ts';
import { planUpStatus, type UpStatus } from '../../contract/feature/feature-policy.ts';
import type { HealthReport } from '../../contract/health/health-report.ts';
import { decodeHeartbeat, encodeHeartbeat } from '../../contract/health/heartbeat.ts';
import {
  featureStatusRow,
  healthRow,
  hostStatusRow,
  type RowValues,
  type RowWrite,
} from '../../contract/rows.ts';
import { decideRenewal } from '../../decide/gate/renewal.ts';
import { selectHolderRows } from '../../decide/gate/startup-snapshot.ts';
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

/** What a heartbeat says of the container's health. */
export type HealthNow = Pick<HealthReport, 'status' | 'reason' | 'healthySinceMs' | 'restarts' | 'checks'> & {
  /** For SONiC's sysmonitor, where it waits for this feature. */
  readonly upStatus: UpStatus | undefined;
};

/** Of the heartbeats that an earlier agent of this container has written: this one goes on counting. */
interface Counts {
  readonly seq: number;
  readonly restarts: number;
}

/** One claim in STATE_DB: renewed by heartbeats, made again where it was lost, released once. */
export class ClaimHolder {
  readonly claim: StoredClaim;
  readonly #store: RowStore;
  readonly #clock: Clock;
  readonly #databases: Databases;
  readonly #intervalMs: number;
  /** Undefined until the row was asked. */
  #before: Counts | undefined;
  /** Heartbeats written by this agent. */
  #beats = 0;
  /** What was written last, so that only a change is written: each wakes sysmonitor, and every gate. */
  #upStatus: UpStatus | undefined;
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

  /** The database has answered this agent. */
  get hasReached(): boolean {
    return this.#before !== undefined;
  }

  /** Throws CtrkitError('database'). */
  async beat(health: HealthNow): Promise<BeatResult> {
    this.#before ??= await this.readCounts();
    // A claim that was never recorded is made as the gate would have made it: owner local always goes.
    if (!this.#isRecorded) return this.record([], health);
    const writes = [...this.planBeat(health), ...this.planUpStatus(health)];
    if (await this.write([ownRecord(this.claim)], writes)) {
      // Where it is not wanted any more it stands there still: the release has to take it back.
      this.noteWritten(health.upStatus ?? this.#upStatus);
      return { kind: 'held' };
    }

    const rows = await this.#store.read(selectHolderRows(this.claim.feature));
    const now = readTimestamps(this.#clock);
    const [status, beat] = rows.map((row) => row.values);
    const renewal = decideRenewal(decodeStatus(status ?? {}), decodeHeartbeat(beat ?? {}), this.claim, now);
    if (renewal.kind !== 'superseded') return this.record(rows, health);
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
    const down = { isUp: false, failReason: 'stopped' };
    const upStatus = this.#upStatus === undefined ? [] : [planUpStatus(claim.feature, down)];
    // The host side clears owner and id when it stops a container, and leaves the rest to us.
    const cleared = { claim_token: claim.token, current_owner: 'none' };
    const records = [ownRecord(claim), { address: featureStatusRow(claim.feature), values: cleared }];
    const releases = records.flatMap((record) => planReleases(record, claim, this.#clock.wallMs()));
    for (const { guard, write } of releases)
      if (await this.#store.write([guard], [write, ...upStatus, ...hostsRow])) return true;
    return false;
  }

  private async readCounts(): Promise<Counts> {
    const address = healthRow(this.claim.feature);
    const [row] = await this.#store.read([{ address, fields: ['token', 'seq', 'restarts'] }]);
    const isOurs = row?.values['token'] === this.claim.token;
    const countOf = (field: string) => (isOurs ? decodeCount(row?.values[field]) : 0);
    return { seq: countOf('seq'), restarts: countOf('restarts') };
  }

  private async record(guards: readonly RowValues[], health: HealthNow): Promise<BeatResult> {
    const now = readTimestamps(this.#clock);
    const isLabelled = this.claim.owner === 'local' && this.#databases.hostState !== undefined;
    const writes = [
      ...planClaim(this.claim, now),
      ...this.planBeat(health),
      ...(health.upStatus === undefined ? [] : [planUpStatus(this.claim.feature, health.upStatus)]),
      ...(isLabelled ? [planLocalLabel(this.claim, 'hostState')] : []),
    ];
    if (!(await this.write(guards, writes))) return { kind: 'contested' };
    this.#isRecorded = true;
    this.noteWritten(health.upStatus);
    return { kind: 'recorded' };
  }

  private planBeat(health: HealthNow): RowWrite[] {
    const before = this.#before ?? { seq: 0, restarts: 0 };
    const values = encodeHeartbeat({
      ...this.claim,
      ...health,
      bootId: this.#clock.bootId(),
      seq: before.seq + this.#beats + 1,
      intervalMs: this.#intervalMs,
      beatMs: this.#clock.bootMs(),
      restarts: before.restarts + health.restarts,
      updatedTs: Math.floor(this.#clock.wallMs() / 1000),
    });
    return [planHeartbeat(this.claim.feature, values)];
  }

  private planUpStatus({ upStatus }: HealthNow): RowWrite[] {
    const { isUp, failReason } = this.#upStatus ?? {};
    const isSame = upStatus?.isUp === isUp && upStatus?.failReason === failReason;
    return isSame || upStatus === undefined ? [] : [planUpStatus(this.claim.feature, upStatus)];
  }

  private noteWritten(upStatus: UpStatus | undefined): void {
    this.#beats += 1;
    this.#upStatus = upStatus;
  }

  /** After a release nothing is written any more, whatever was under way: it would bring the record back. */
  private async write(guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    return !this.#isReleased && this.#store.write(guards, writes);
  }
}

/** Text that is no count counts for nothing. */
const decodeCount = (text = ''): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);
