/** The writes of a heartbeat, and those beside a release (contract.md, sections 2 and 4). */
import { planClaim, planHeartbeat, planLocalLabel, type Claim } from '../../contract/gate/claim.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { planUpStatus, type UpStatus } from '../../contract/feature/feature-policy.ts';
import type { HealthReport } from '../../contract/health/health-report.ts';
import { decodeCount, encodeHeartbeat, HEALTH_FIELD } from '../../contract/health/heartbeat.ts';
import type { RowValues, RowWrite } from '../../contract/rows.ts';
import { toSeconds, type Timestamps } from '../../contract/timestamps.ts';
import { planHostStop } from './host-mirror.ts';

/** The container's health, as a heartbeat reports it. */
export type HeartbeatHealth = Pick<
  HealthReport,
  'status' | 'reason' | 'healthySinceMs' | 'restarts' | 'checks'
> & {
  /** For SONiC's sysmonitor; undefined if CONFIG_DB does not want it. */
  readonly upStatus: UpStatus | undefined;
};

/** The counters in the heartbeats of one claim. They go on when the agent of the container is restarted. */
export interface HeartbeatCounts {
  readonly seq: number;
  readonly restarts: number;
}

export const COUNT_FIELDS = [HEALTH_FIELD.token, HEALTH_FIELD.seq, HEALTH_FIELD.restarts] as const;

/** The counters in a row of heartbeats with COUNT_FIELDS; zero if the row is missing or belongs to another claim. */
export function decodeCounts(row: RowValues | undefined, { token }: Claim): HeartbeatCounts {
  const values = row?.values ?? {};
  if (values[HEALTH_FIELD.token] !== token) return { seq: 0, restarts: 0 };
  return {
    seq: decodeCount(values[HEALTH_FIELD.seq]) ?? 0,
    restarts: decodeCount(values[HEALTH_FIELD.restarts]) ?? 0,
  };
}

/** The heartbeat that follows `before`; `health.restarts` counts from the start of this agent, and is added to it. */
export function planBeat(
  claim: StoredClaim,
  health: HeartbeatHealth,
  before: HeartbeatCounts,
  { now, intervalMs }: { readonly now: Timestamps; readonly intervalMs: number },
): RowWrite {
  const { token, dockerId, owner, version, startedMs } = claim;
  const { status, reason, healthySinceMs, checks } = health;
  const values = encodeHeartbeat({
    token,
    dockerId,
    owner,
    version,
    startedMs,
    status,
    reason,
    healthySinceMs,
    checks,
    bootId: now.bootId,
    seq: before.seq + 1,
    intervalMs,
    beatMs: now.bootMs,
    restarts: before.restarts + health.restarts,
    updatedTs: toSeconds(now.wallMs),
  });
  return planHeartbeat(claim.feature, values);
}

/** Empty if `written`, the last value, says the same: each write wakes sysmonitor and every gate. */
export function planUpStatusChange(
  { feature }: Claim,
  upStatus: UpStatus | undefined,
  written: UpStatus | undefined,
): RowWrite[] {
  const isSame = upStatus?.isUp === written?.isUp && upStatus?.failReason === written?.failReason;
  return isSame || upStatus === undefined ? [] : [planUpStatus(feature, upStatus)];
}

/** The writes of a missing record; `isMultiAsic`: the host's STATE_DB has a row of labels too. */
export function planRecord(
  claim: StoredClaim,
  upStatus: UpStatus | undefined,
  { now, isMultiAsic }: { readonly now: Timestamps; readonly isMultiAsic: boolean },
): RowWrite[] {
  return [
    ...planClaim(claim, now),
    ...(upStatus === undefined ? [] : [planUpStatus(claim.feature, upStatus)]),
    ...(claim.owner === 'local' && isMultiAsic ? [planLocalLabel(claim, 'hostState')] : []),
  ];
}

/** What is written together with a release: `up_status` false, if it was written before. */
export const planReleaseNotices = ({ feature }: StoredClaim, upStatus: UpStatus | undefined): RowWrite[] =>
  upStatus === undefined ? [] : [planUpStatus(feature, { isUp: false, failReason: 'stopped' })];

/**
 * What follows a release: `stopped` in the host's row of ASIC number `asic`, if the host took part in the hand-shake and the
 * row says `running`.
 */
export const planReleaseMirror = ({ feature, isMirrored }: StoredClaim, asic: string): RowWrite[] =>
  isMirrored ? [planHostStop({ feature, asic })] : [];
