/** What a heartbeat writes, and what a release does (contract.md, sections 2 and 4). */
import { planClaim, planHeartbeat, planLocalLabel, type Claim } from '../../contract/gate/claim.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { planUpStatus, type UpStatus } from '../../contract/feature/feature-policy.ts';
import { encodeStatus } from '../../contract/feature/status-fields.ts';
import type { HealthReport } from '../../contract/health/health-report.ts';
import { encodeHeartbeat, HEALTH_FIELD } from '../../contract/health/heartbeat.ts';
import { hostStatusRow, type RowValues, type RowWrite } from '../../contract/rows.ts';
import type { Timestamps } from '../../contract/timestamps.ts';

/** What a heartbeat says of the container's health. */
export type HeartbeatHealth = Pick<
  HealthReport,
  'status' | 'reason' | 'healthySinceMs' | 'restarts' | 'checks'
> & {
  /** For SONiC's sysmonitor, where it waits for this feature. */
  readonly upStatus: UpStatus | undefined;
};

/** Of the heartbeats of one claim: an agent goes on counting where an earlier one of the same container has ended. */
export interface HeartbeatCounts {
  readonly seq: number;
  readonly restarts: number;
}

export const COUNT_FIELDS = [HEALTH_FIELD.token, HEALTH_FIELD.seq, HEALTH_FIELD.restarts] as const;

/** The counts in the row of heartbeats, of COUNT_FIELDS; none where it is another claim's. */
export function decodeCounts(row: RowValues | undefined, { token }: Claim): HeartbeatCounts {
  const values = row?.values ?? {};
  if (values[HEALTH_FIELD.token] !== token) return { seq: 0, restarts: 0 };
  return { seq: decodeCount(values[HEALTH_FIELD.seq]), restarts: decodeCount(values[HEALTH_FIELD.restarts]) };
}

/** Text that is no count counts for nothing. */
const decodeCount = (text = ''): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);

/**
 * The heartbeat after `before`, which is how far the counting has come; `health.restarts` are those since this agent began,
 * and count on from there.
 */
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
    updatedTs: Math.floor(now.wallMs / 1000),
  });
  return planHeartbeat(claim.feature, values);
}

/** Nothing where `written`, the last one, says the same: each change wakes sysmonitor, and every gate. */
export function planUpStatusChange(
  { feature }: Claim,
  upStatus: UpStatus | undefined,
  written: UpStatus | undefined,
): RowWrite[] {
  const isSame = upStatus?.isUp === written?.isUp && upStatus?.failReason === written?.failReason;
  return isSame || upStatus === undefined ? [] : [planUpStatus(feature, upStatus)];
}

/** The writes that make a record, or make it again; `isMultiAsic`: the host has a row of labels of its own. */
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

/**
 * What is written beside a release: `stopped` for the host where it took part in the hand-shake, `asic` being this ASIC's
 * number; and that the feature is down, where `up_status` was written before.
 */
export function planReleaseNotices(
  { feature, isMirrored }: StoredClaim,
  upStatus: UpStatus | undefined,
  asic: string,
): RowWrite[] {
  const stopped = encodeStatus({ remoteState: 'stopped' });
  return [
    ...(upStatus === undefined ? [] : [planUpStatus(feature, { isUp: false, failReason: 'stopped' })]),
    ...(isMirrored ? [{ kind: 'set', address: hostStatusRow(feature, asic), values: stopped } as const] : []),
  ];
}
