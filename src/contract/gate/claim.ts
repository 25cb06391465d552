/**
 * What a container writes when it takes the feature and when it gives it up (contract.md, section 2).
 * D27: SONiC's `update_time` is local time text, the HLD's `last_update_ts` seconds; both are written.
 */
import { encodeStatus, NO_CLAIM, STATUS_FIELD } from '../feature/status-fields.ts';
import { toSeconds, type Timestamps } from '../timestamps.ts';
import type { Owner } from '../feature/feature.ts';
import { localVersionLabel, labelsRow } from '../cluster/feature-labels.ts';
import { formatLocalTime } from '../../text/local-time.ts';
import { featureStatusRow, healthRow, type GuardedWrite, type RowValues, type RowWrite } from '../rows.ts';

/** One start of one container, from go to release. */
export interface Claim {
  readonly feature: string;
  readonly owner: Owner;
  readonly version: string;
  /** The container's own id, `unknown` if it can't be found. */
  readonly dockerId: string;
  /** Unique to this start of this container. */
  readonly token: string;
}

/**
 * The fields by which a record is this claim's. The token alone is not enough: the shipped kit and its host side
 * write owner and `container_id`, and leave our token standing.
 */
export const ownRecord = (claim: Claim): RowValues => ({
  address: featureStatusRow(claim.feature),
  values: encodeOwnFields(claim),
});

const encodeOwnFields = ({ feature, owner, dockerId, token }: Claim): Record<string, string> =>
  encodeStatus({
    claimToken: token,
    currentOwner: owner,
    containerId: owner === 'local' ? feature : dockerId,
  });

export function encodeClaim(claim: Claim, at: Timestamps): Record<string, string> {
  return {
    ...encodeOwnFields(claim),
    ...encodeStatus({
      dockerId: claim.dockerId,
      containerVersion: claim.version,
      ...(claim.owner === 'kube' ? { remoteState: 'running' } : {}),
      claimOwner: claim.owner,
      claimBootId: at.bootId,
      claimMs: String(at.bootMs),
    }),
    ...encodeUpdateTimes(at.wallMs),
  };
}

/** Plans the writes of a claim. `pending_token` is removed: any hand-shake is over. */
export function planClaim(claim: Claim, at: Timestamps): RowWrite[] {
  const record: RowWrite = {
    kind: 'set',
    address: featureStatusRow(claim.feature),
    values: encodeClaim(claim, at),
    remove: [STATUS_FIELD.pendingToken],
  };
  return claim.owner === 'local' ? [record, planLocalLabel(claim, 'state')] : [record];
}

/** Blocks Kubernetes from deploying the version that already runs as local. The record of the claim stands without it. */
export const planLocalLabel = (claim: Claim, db: 'state' | 'hostState'): RowWrite => ({
  kind: 'set',
  address: labelsRow(db),
  values: { [localVersionLabel(claim.feature)]: claim.version },
  isDispensable: true,
});

/**
 * Plans the write of a release. `isRunning`: the record's `remote_state` is `running`. Only then it becomes `stopped`, as
 * with the shipped host side. A `none`, by which the host falls back to local, has to outlive the stop of the container, and
 * so has the `pending` of the container that comes after. A server without memory for values still takes the holder away.
 */
export function planRelease(claim: Claim, wallMs: number, isRunning = true): RowWrite {
  const noHolder = {
    ...encodeStatus({
      currentOwner: 'none',
      dockerId: '',
      containerId: '',
      ...(claim.owner === 'kube' && isRunning ? { remoteState: 'stopped' } : {}),
    }),
    ...NO_CLAIM,
  };
  return {
    kind: 'set',
    address: featureStatusRow(claim.feature),
    values: { ...noHolder, ...encodeUpdateTimes(wallMs) },
    removeIfFull: Object.keys(noHolder),
  };
}

/** Plans the release of the claim that `record` holds. The writes are tried in this order: one of them fits `remote_state`. */
export function planReleases(record: RowValues, claim: Claim, wallMs: number): GuardedWrite[] {
  const asItIs = { guard: record, write: planRelease(claim, wallMs, false) };
  if (claim.owner === 'local') return [asItIs];
  const running = { ...record, values: { ...record.values, ...encodeStatus({ remoteState: 'running' }) } };
  return [{ guard: running, write: planRelease(claim, wallMs) }, asItIs];
}

/** Nobody renews the record from here on. Without a claim it counts as one of the shipped kit, and is never overdue. */
export const planNoClaim = (feature: string): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(feature),
  values: NO_CLAIM,
});

export const planHeartbeat = (feature: string, values: Record<string, string>): RowWrite => ({
  kind: 'set',
  address: healthRow(feature),
  values,
});

/** SONiC's and the HLD's time of the last change, for people (D27). */
export const encodeUpdateTimes = (wallMs: number): Record<string, string> =>
  encodeStatus({
    updateTime: formatLocalTime(new Date(wallMs)),
    lastUpdateTs: String(toSeconds(wallMs)),
  });
