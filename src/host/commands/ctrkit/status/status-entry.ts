/** What `ctrkit status` shows of one feature. */
import type { Timestamps } from '../../../../contract/timestamps.ts';
import type { FeatureView } from '../../../../contract/feature/daemon-view.ts';
import {
  CONFIG_FIELD,
  decodeConfig,
  decodeMs,
  decodeStatus,
  hasRecordedHolder,
} from '../../../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../../../contract/feature/status-fields.ts';
import { isOverdue } from '../../../../contract/health/heartbeat.ts';
import type { FeatureLedger } from '../../../../contract/images/ledger.ts';
import type { FeatureLock } from '../../../../contract/feature/lock.ts';
import { decodeObservedBeat } from '../../../../contract/health/observed-beat.ts';
import type { FieldValues } from '../../../../contract/rows.ts';
import { listRungs, NO_FACTS } from '../../../../decide/images/ladder.ts';
import { findLiveHolder } from '../../../../decide/gate/live-holder.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';
import { describeTime } from '../terminal/local-time.ts';

export interface StatusSources {
  readonly feature: string;
  readonly now: Timestamps;
  readonly config: FieldValues;
  readonly status: FieldValues;
  readonly health: FieldValues;
  readonly ledger: FeatureLedger;
  /** Those that an operator has blocked. */
  readonly blockedVersions: ReadonlySet<string>;
  /** Undefined where the daemon does not run, or does not know this feature. */
  readonly view: FeatureView | undefined;
  readonly locks: readonly FeatureLock[];
}

/**
 * Stable, as `--json` prints it. Where there is nothing, texts are empty and objects null. Times `_ms` are on the boot clock,
 * times `_ts` seconds since the epoch. Nothing in an entry changes by itself, so that a difference is a change of the feature.
 */
export interface StatusEntry {
  readonly feature: string;
  readonly state: string;
  readonly auto_restart: string;
  readonly system_state: string;
  readonly update_time: string;
  readonly last_update_ts: number | null;
  /** Empty where no container is on record. */
  readonly container_id: string;
  readonly version: string;
  readonly set_owner: string;
  readonly current_owner: string;
  readonly remote_state: string;
  /** Health of the container on record; null where it has no heartbeat. */
  readonly health: {
    readonly status: string;
    readonly reason: string;
    readonly is_overdue: boolean;
    readonly restarts: number | null;
    readonly healthy_since_ms: number | null;
  } | null;
  readonly golden: {
    readonly version: string;
    readonly image_id: string;
    /** Null where ctrkitd does not say what runs. */
    readonly is_running: boolean | null;
  } | null;
  /** Rungs of the ladder whose images are gone from the engine, the highest first; null where ctrkitd does not say. */
  readonly missing_rungs:
    readonly { readonly name: string; readonly version: string; readonly image_id: string }[] | null;
  /** `golden_at_ms` only of kind `counting`. */
  readonly certification: { readonly kind: string; readonly golden_at_ms: number | null } | null;
  readonly fallback: { readonly kind: string } | null;
  readonly locks: readonly string[];
}

export function describeStatus(sources: StatusSources): StatusEntry {
  const { feature, config, status: values, view, now } = sources;
  const status = decodeStatus(values);
  const lastUpdateTs = decodeMs(values[STATUS_FIELD.lastUpdateTs]) ?? null;
  return {
    feature,
    state: config[CONFIG_FIELD.state] ?? '',
    auto_restart: config[CONFIG_FIELD.autoRestart] ?? '',
    system_state: status.systemState,
    update_time: values[STATUS_FIELD.updateTime] || describeTime(lastUpdateTs ?? 0),
    last_update_ts: lastUpdateTs,
    container_id: hasRecordedHolder(status) ? status.dockerId : '',
    version: status.containerVersion,
    set_owner: decodeConfig(config).setOwner,
    current_owner: status.currentOwner,
    remote_state: status.remoteState,
    health: describeHealth(sources),
    golden: describeGolden(sources),
    missing_rungs: describeMissingRungs(view),
    certification: describeCertification(view),
    fallback: view === undefined ? null : { kind: view.fallback.kind },
    locks: sources.locks
      .filter((lock) => lock.feature === feature && decideLock(lock, now).kind === 'active')
      .map(({ owner, reason }) => `${owner}: ${reason}`),
  };
}

/** The highest rung that stands. Where ctrkitd does not say which images the engine has, each counts as there. */
function describeGolden({ ledger, blockedVersions, view }: StatusSources): StatusEntry['golden'] {
  const missing = new Set(view?.ladder?.filter(({ isThere }) => !isThere).map(({ imageId }) => imageId));
  const golden = listRungs(ledger, { ...NO_FACTS, blockedVersions }).find(
    ({ hasFailed, image }) => !hasFailed && !missing.has(image.imageId),
  )?.image;
  if (golden === undefined) return null;
  const isRunning = view === undefined ? null : view.imageId === golden.imageId;
  return { version: golden.version, image_id: golden.imageId, is_running: isRunning };
}

const describeMissingRungs = (view: FeatureView | undefined): StatusEntry['missing_rungs'] =>
  view?.ladder
    ?.filter(({ isThere }) => !isThere)
    .map(({ name, version, imageId }) => ({ name, version, image_id: imageId })) ?? null;

/** Null for the heartbeat of an earlier container, which says nothing about the one on record. */
function describeHealth({ status, health, now }: StatusSources): StatusEntry['health'] {
  const beat = decodeObservedBeat(health);
  const record = decodeStatus(status);
  if (beat.beatMs === undefined || beat.bootId !== now.bootId || beat.token !== record.claimToken)
    return null;
  if (record.claimToken === '') return null;
  const isLate =
    isOverdue({ beatMs: beat.beatMs, intervalMs: beat.intervalMs }, now) ||
    findLiveHolder(record, beat, now) === undefined;
  return {
    status: beat.status ?? '',
    reason: beat.reason,
    is_overdue: isLate,
    restarts: beat.restarts ?? null,
    healthy_since_ms: beat.healthySinceMs ?? null,
  };
}

function describeCertification(view: FeatureView | undefined): StatusEntry['certification'] {
  if (view === undefined) return null;
  const { certification } = view;
  const goldenAtMs = certification.kind === 'counting' ? certification.fromMs + certification.neededMs : null;
  return { kind: certification.kind, golden_at_ms: goldenAtMs };
}
