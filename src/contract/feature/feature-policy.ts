/** What CONFIG_DB says of how a feature's health is looked at (SONiC: the tables FEATURE and HEARTBEAT). */
import { CONFIG_FIELD, isTrue } from './feature.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import type { FieldValues, RowAddress, RowWrite } from '../rows.ts';
import { featureStatusRow } from '../rows.ts';

export const POLICY_FIELDS = [CONFIG_FIELD.autoRestart, 'check_up_status'] as const;

export interface FeaturePolicy {
  /** `enabled`, `disabled`, `always_enabled`; undefined as long as the database has not told. */
  readonly autoRestart: string | undefined;
  /** SONiC's sysmonitor waits for `up_status` of this feature. */
  readonly isUpStatusWanted: boolean;
  /** Boot clock: since when a warm or fast reboot is announced, as seen; undefined while none is. */
  readonly rebootSinceMs: number | undefined;
}

export const UNKNOWN_POLICY: FeaturePolicy = {
  autoRestart: undefined,
  isUpStatusWanted: false,
  rebootSinceMs: undefined,
};

export const decodePolicy = (values: FieldValues): Omit<FeaturePolicy, 'rebootSinceMs'> => ({
  autoRestart: values[CONFIG_FIELD.autoRestart] ?? 'disabled',
  isUpStatusWanted: isTrue(values['check_up_status']),
});

/** `HEARTBEAT|<process>`, how often a process of a feature promises to beat. */
export const processHeartbeatRow = (process: string): RowAddress => ({
  db: 'config',
  table: 'HEARTBEAT',
  row: process,
});

export const PROCESS_HEARTBEAT_FIELDS = ['heartbeat_interval', 'alert_interval'] as const;

export interface ProcessIntervals {
  readonly heartbeatIntervalMs: number;
  readonly alertIntervalMs: number;
}

/** SONiC's own, for a process that has no row. */
export const DEFAULT_PROCESS_INTERVALS: ProcessIntervals = {
  heartbeatIntervalMs: 10_000,
  alertIntervalMs: 60_000,
};

export const decodeProcessIntervals = (values: FieldValues): ProcessIntervals => ({
  heartbeatIntervalMs:
    decodeInterval(values['heartbeat_interval']) ?? DEFAULT_PROCESS_INTERVALS.heartbeatIntervalMs,
  alertIntervalMs: decodeInterval(values['alert_interval']) ?? DEFAULT_PROCESS_INTERVALS.alertIntervalMs,
});

/** Milliseconds, as SONiC has them; text that is none says nothing. */
const decodeInterval = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;

/** Whether the feature is up, for SONiC's sysmonitor, which a change wakes. */
export interface UpStatus {
  readonly isUp: boolean;
  /** Empty when it is up. */
  readonly failReason: string;
}

export const planUpStatus = (feature: string, { isUp, failReason }: UpStatus): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(feature),
  values: { up_status: String(isUp), fail_reason: toOneLine(failReason, MAX_REASON_LENGTH) },
});
