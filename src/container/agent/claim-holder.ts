import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { ownRecord, planReleases } from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import type { UpStatus } from '../../contract/feature/feature-policy.ts';
import { encodeStatus } from '../../contract/feature/status-fields.ts';
import { nameHold } from '../../contract/gate/hold.ts';
import {
  asDispensable,
  featureStatusRow,
  healthRow,
  holdRow,
  type RowValues,
  type RowWrite,
} from '../../contract/rows.ts';
import {
  COUNT_FIELDS,
  decodeCounts,
  planBeat,
  planRecord,
  planReleaseMirror,
  planReleaseNotices,
  planUpStatusChange,
  type HeartbeatCounts,
  type HeartbeatHealth,
} from '../../decide/gate/heartbeat-writes.ts';
import { decideRenewal } from '../../decide/gate/renewal.ts';
import { decodeHolderRows, selectHolderRows } from '../../decide/gate/startup-snapshot.ts';
import { assertWritable, StoreObserver } from '../gate/store-observer.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { writeFirst } from '../../loop/write-first.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { FrostDetector } from './frost-detector.ts';
import { HostMirrorUpdater } from './host-mirror-updater.ts';

/** The result of a heartbeat. */
export type BeatResult =
  | { readonly kind: 'renewed' }
  /** The record was missing, and has been written. */
  | { readonly kind: 'recorded' }
  /** Nothing was written: another writer came in between, or it is not certain yet that the holder on record is dead. */
  | { readonly kind: 'contested' }
  | { readonly kind: 'superseded'; readonly text: string; readonly isReplaced: boolean };

export interface ClaimHolderPorts {
  readonly store: RowStore;
  readonly databases: Databases;
  readonly clock: Clock;
  /** The interval of heartbeats, milliseconds. After three intervals without one the claim is overdue. */
  readonly intervalMs: number;
  /** A row beside the record was not written: one line for people. */
  readonly onLeftOut: (problem: string) => void;
}

/**
 * One claim in STATE_DB: renewed by heartbeats, recorded again if the database lost it, released once. Fencing: the guard of
 * every write is the claim's own record, so a container whose claim was superseded writes nothing.
 */
export class ClaimHolder {
  readonly claim: StoredClaim;
  /** Whoever does anything for this claim that may hang lets it watch. */
  readonly frost: FrostDetector;
  readonly #ports: ClaimHolderPorts;
  /** The counts of the last heartbeat; undefined until the row has been read. */
  #counts: HeartbeatCounts | undefined;
  /** The value that was written last; undefined if none was. */
  #upStatus: UpStatus | undefined;
  #observer: StoreObserver;
  #isRecorded: boolean;
  #isReleased = false;
  /** The last frost that is known to `#observer`. */
  #thawedMs: number | undefined;
  /** The write that was begun last. */
  #underWay: Promise<boolean> | undefined;
  readonly #hostMirror: HostMirrorUpdater;

  constructor(claim: StoredClaim, ports: ClaimHolderPorts) {
    this.claim = claim;
    this.#ports = ports;
    this.#isRecorded = claim.isRecorded;
    this.frost = new FrostDetector(ports.clock, ports.intervalMs);
    this.#observer = new StoreObserver(ports.clock, ports.intervalMs);
    this.#hostMirror = new HostMirrorUpdater(claim, ports);
  }

  /** True once a database has answered. */
  get hasReached(): boolean {
    return this.#counts !== undefined;
  }

  /** Throws CtrkitError('database'). */
  async beat(health: HeartbeatHealth): Promise<BeatResult> {
    try {
      const result = await this.frost.watch(() => this.#tryBeat(health));
      // After a release the row would say of a container that has stopped that it runs.
      const isHeld = result.kind === 'renewed' || result.kind === 'recorded';
      if (isHeld && !this.#isReleased) this.#hostMirror.renew();
      return result;
    } catch (error) {
      // Whoever claims meanwhile can't beat either: it is not overdue for this agent.
      this.#observer.recordOutage();
      throw error;
    }
  }

  async #tryBeat(health: HeartbeatHealth): Promise<BeatResult> {
    const counts = (this.#counts ??= await readCounts(this.#ports.store, this.claim));
    // A claim that was never recorded is recorded without a guard, as the gate of owner local does it.
    if (!this.#isRecorded) return this.#record([], health, counts);
    const writes = [
      this.#planBeat(health, counts),
      ...planUpStatusChange(this.claim, health.upStatus, this.#upStatus),
    ];
    // If `up_status` is not wanted any more, the old value is still there: the release has to reset it.
    const written = { counts, upStatus: health.upStatus ?? this.#upStatus };
    if (await this.#write([ownRecord(this.claim)], writes, written)) return { kind: 'renewed' };
    return this.#recover(health, counts);
  }

  /**
   * Releases the claim; after that nothing is written any more. `last` is what the last heartbeat reports, which is written
   * in the same step: the host reads from it that the end was asked for. False if the record belongs to another claim: then
   * nothing is changed. Throws CtrkitError('database'). `onReleased` is called when the record is released: what fails, or
   * hangs, after that is the host's row on a multi-ASIC switch.
   */
  async release(last?: HeartbeatHealth, onReleased?: () => void): Promise<boolean> {
    this.#isReleased = true;
    // The last heartbeat counts on from the one that is under way. Their connection is one: no time is lost.
    await this.#underWay?.catch(() => false);
    const { claim } = this;
    const { store, databases, clock, onLeftOut } = this.#ports;
    const notices = [
      ...planReleaseNotices(claim, this.#upStatus),
      // Without counts no heartbeat was ever written, and there is nobody who watched any.
      ...(last !== undefined && this.#counts !== undefined
        ? [asDispensable(this.#planBeat(last, this.#counts))]
        : []),
    ];
    // The shipped host side clears only owner and id when it stops a container: then the token still identifies the record.
    const cleared = encodeStatus({ claimToken: claim.token, currentOwner: 'none' });
    const records = [ownRecord(claim), { address: featureStatusRow(claim.feature), values: cleared }];
    const releases = records.flatMap((record) => planReleases(record, claim, clock.wallMs()));
    if (!(await writeFirst(store, releases, notices, onLeftOut))) return false;
    onReleased?.();
    const mirror = planReleaseMirror(claim, databases.asic);
    if (mirror.length > 0) await store.write([], mirror, onLeftOut);
    return true;
  }

  #planBeat(health: HeartbeatHealth, counts: HeartbeatCounts): RowWrite {
    const { clock, intervalMs } = this.#ports;
    return planBeat(this.claim, health, counts, { now: readTimestamps(clock), intervalMs });
  }

  /** The record is not this claim's: another container has claimed the feature, or the database lost the record. */
  async #recover(health: HeartbeatHealth, counts: HeartbeatCounts): Promise<BeatResult> {
    const { store, clock, databases, intervalMs } = this.#ports;
    const { feature } = this.claim;
    const { thawedMs } = this.frost;
    // What it had seen of the database before a frost is long ago.
    if (thawedMs !== undefined && thawedMs !== this.#thawedMs)
      this.#observer = new StoreObserver(clock, intervalMs);
    this.#thawedMs = thawedMs;
    const look = await this.#observer.look(store, {
      rows: selectHolderRows(feature),
      probe: holdRow(feature, nameHold(this.claim), databases.state.separator),
      decode: decodeHolderRows,
    });
    assertWritable(look);
    if (this.frost.thawedMs !== thawedMs) return { kind: 'contested' };
    const { rows } = look;
    const renewal = decideRenewal({
      ...decodeHolderRows(rows),
      self: this.claim,
      observation: this.#observer.observation,
      wasFrozen: thawedMs !== undefined,
      now: readTimestamps(clock),
    });
    if (renewal.kind === 'superseded') return renewal;
    return renewal.kind === 'wait' ? { kind: 'contested' } : this.#record(rows, health, counts);
  }

  async #record(
    guards: readonly RowValues[],
    health: HeartbeatHealth,
    counts: HeartbeatCounts,
  ): Promise<BeatResult> {
    const { databases, clock } = this.#ports;
    const isMultiAsic = databases.hostState !== undefined;
    const writes = [
      ...planRecord(this.claim, health.upStatus, { now: readTimestamps(clock), isMultiAsic }),
      // The record alone counts as a sign of life for three intervals. The next heartbeat fails if this one can't be written.
      asDispensable(this.#planBeat(health, counts)),
    ];
    const isWritten = await this.#write(guards, writes, { counts, upStatus: health.upStatus });
    if (!isWritten) return { kind: 'contested' };
    this.#isRecorded = true;
    return { kind: 'recorded' };
  }

  /** After a release nothing is written: a heartbeat that was under way would restore the record. */
  async #write(
    guards: readonly RowValues[],
    writes: readonly RowWrite[],
    { counts, upStatus }: { readonly counts: HeartbeatCounts; readonly upStatus: UpStatus | undefined },
  ): Promise<boolean> {
    if (this.#isReleased) return false;
    const { store, onLeftOut } = this.#ports;
    this.#underWay = store.write(guards, writes, onLeftOut).then((isWritten) => {
      if (!isWritten) return false;
      this.#counts = { seq: counts.seq + 1, restarts: counts.restarts };
      this.#upStatus = upStatus;
      this.frost.forget();
      return true;
    });
    return this.#underWay;
  }
}

async function readCounts(store: RowStore, claim: StoredClaim): Promise<HeartbeatCounts> {
  const wanted = { address: healthRow(claim.feature), fields: COUNT_FIELDS, isDispensable: true };
  const [row] = await store.read([wanted]);
  return decodeCounts(row, claim);
}
