/** CONTAINER_HEALTH, the heartbeat (contract.md, section 4). */
import { encodeChecks } from './check-list.ts';
import { decodeMs } from '../feature/feature.ts';
import type { CheckReport, HealthStatus } from './health-report.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import type { FieldValues } from '../rows.ts';
import type { BootTime } from '../timestamps.ts';

/** Wire names of the row's fields. */
export const HEALTH_FIELD = {
  token: 'token',
  owner: 'owner',
  version: 'version',
  beatMs: 'beat_ms',
  intervalMs: 'interval_ms',
  dockerId: 'docker_id',
  bootId: 'boot_id',
  status: 'status',
  reason: 'reason',
  seq: 'seq',
  startedMs: 'started_ms',
  healthySinceMs: 'healthy_since_ms',
  restarts: 'restarts',
  checks: 'checks',
  updatedTs: 'updated_ts',
} as const;

/** The fields by which others find out whether the holder is live. */
export const LIVENESS_FIELDS = [
  HEALTH_FIELD.token,
  HEALTH_FIELD.owner,
  HEALTH_FIELD.version,
  HEALTH_FIELD.beatMs,
  HEALTH_FIELD.intervalMs,
  HEALTH_FIELD.bootId,
  HEALTH_FIELD.startedMs,
] as const;

/** All fields of the row, for people. */
export const HEALTH_FIELDS = Object.values(HEALTH_FIELD);

/** The interval when none is promised. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;
/** Two heartbeats in a row may be lost. This is the lease of a holder, in its own intervals. */
export const OVERDUE_AFTER_INTERVALS = 3;
/** A promise beyond this is no promise: a dead holder would block the feature for hours. */
const LONGEST_INTERVAL_MS = 600_000;

export interface Heartbeat {
  readonly token: string;
  readonly owner: string;
  readonly version: string;
  readonly bootId: string;
  readonly beatMs: number | undefined;
  readonly intervalMs: number;
  /** Its row can't be read: nothing tells how old it is. */
  readonly isUnreadable?: boolean;
  /** Boot clock: when its container has claimed the feature. */
  readonly startedMs: number | undefined;
}

/** Milliseconds; `beatMs` is on the boot clock. */
type BeatTiming = { readonly beatMs: number; readonly intervalMs: number };

/**
 * When a heartbeat is overdue if no other follows, in milliseconds of the boot clock. Until then its holder is live; at this
 * moment and from then on it is not. The interval is the one that the heartbeat itself promises.
 */
export const overdueAtMs = ({ beatMs, intervalMs }: BeatTiming): number =>
  beatMs + OVERDUE_AFTER_INTERVALS * intervalMs;

/** Whether the heartbeat is overdue: its holder is not live any more. */
export const isOverdue = (beat: BeatTiming, now: Pick<BootTime, 'bootMs'>): boolean =>
  now.bootMs >= overdueAtMs(beat);

/**
 * Whether the heartbeat is later than now by more than one interval. Such a heartbeat does not count: it would keep a dead
 * holder live until then.
 */
export const isFromFuture = ({ beatMs, intervalMs }: BeatTiming, now: Pick<BootTime, 'bootMs'>): boolean =>
  beatMs > now.bootMs + intervalMs;

/** A count of a heartbeat, such as `seq`; undefined for text that is none. */
export const decodeCount = (text = ''): number | undefined =>
  /^\d{1,9}$/.test(text) ? Number(text) : undefined;

export function decodeHeartbeat(values: FieldValues): Heartbeat {
  const intervalMs = decodeMs(values['interval_ms']);
  const credible = intervalMs !== undefined && intervalMs > 0 && intervalMs <= LONGEST_INTERVAL_MS;
  return {
    token: values['token'] ?? '',
    owner: values['owner'] ?? '',
    version: values['version'] ?? '',
    bootId: values['boot_id'] ?? '',
    beatMs: decodeMs(values['beat_ms']),
    intervalMs: credible ? intervalMs : DEFAULT_HEARTBEAT_INTERVAL_MS,
    startedMs: decodeMs(values['started_ms']),
  };
}

/** The texts of a heartbeat's row, for people; empty where the row has none. */
export const decodeHeartbeatTexts = (values: FieldValues) => ({
  status: values['status'] ?? '',
  reason: values['reason'] ?? '',
  seq: values['seq'] ?? '',
});

export interface HeartbeatRecord {
  readonly token: string;
  readonly dockerId: string;
  readonly owner: string;
  readonly version: string;
  readonly bootId: string;
  readonly status: HealthStatus;
  /** One line for people, empty when healthy. */
  readonly reason: string;
  readonly seq: number;
  readonly intervalMs: number;
  readonly beatMs: number;
  readonly startedMs: number;
  readonly healthySinceMs: number | undefined;
  readonly restarts: number;
  readonly checks: readonly CheckReport[];
  /** Wall clock, seconds, for people only. */
  readonly updatedTs: number;
}

export function encodeHeartbeat(beat: HeartbeatRecord): Record<string, string> {
  return {
    token: beat.token,
    docker_id: beat.dockerId,
    owner: beat.owner,
    version: beat.version,
    boot_id: beat.bootId,
    status: beat.status,
    reason: toOneLine(beat.reason, MAX_REASON_LENGTH),
    seq: String(beat.seq),
    interval_ms: String(beat.intervalMs),
    beat_ms: String(beat.beatMs),
    started_ms: String(beat.startedMs),
    healthy_since_ms: beat.healthySinceMs === undefined ? '' : String(beat.healthySinceMs),
    restarts: String(beat.restarts),
    checks: encodeChecks(beat.checks),
    updated_ts: String(beat.updatedTs),
  };
}
