/**
 * What becomes of a feature when the switch leaves the cluster (HLD, "config kube join/reset"; contract.md, section 11).
 */
import { planReturnToLocal } from '../command/plan-writes.ts';
import { hasRecordedHolder, isDisabled, type FeatureStatus } from '../../contract/feature/feature.ts';
import type { RowWrite } from '../../contract/rows.ts';
import { encodeDisconnected, masterStatusRow } from '../../contract/cluster/master-status.ts';
import { encodeUpdateTimes } from '../../contract/gate/claim.ts';
import { isDownByItself, type UnitState } from '../../contract/feature/unit-state.ts';
import { type HostSnapshot } from '../command/host-snapshot.ts';

export type LeaveAction =
  /** The service is restarted, so that the local image runs. */
  | { readonly kind: 'fall-back'; readonly text: string }
  /** Nobody runs the feature afterwards. */
  | { readonly kind: 'goes-down'; readonly text: string }
  /** Nobody runs the feature, and only systemd knows whether an operator stopped it. */
  | { readonly kind: 'ask-unit' }
  | { readonly kind: 'stays'; readonly text: string };

export function decideLeaveAction(
  feature: string,
  { config, status }: Pick<HostSnapshot, 'config' | 'status'>,
): LeaveAction {
  // Redis itself runs in this feature.
  if (feature === 'database') return leaveAlone('the database is never switched');
  if (isDisabled(config)) return leaveAlone(`the feature is ${config.state}`);
  if (isRunLocally(status)) return leaveAlone('its local image runs');
  const isRunByKube = status.currentOwner === 'kube';
  if (config.setOwner !== 'kube')
    return isRunByKube
      ? { kind: 'fall-back', text: 'set_owner is local, and Kubernetes runs it' }
      : leaveAlone('it is not Kubernetes’ to run');
  if (config.noFallbackToLocal)
    return isRunByKube || status.systemState === 'up'
      ? { kind: 'goes-down', text: 'no_fallback_to_local is true' }
      : leaveAlone('the service is not started');
  if (isRunByKube) return { kind: 'fall-back', text: 'Kubernetes runs it' };
  // Its service waits for Kubernetes.
  if (status.systemState === 'up') return { kind: 'fall-back', text: 'nobody runs it' };
  return { kind: 'ask-unit' };
}

/**
 * The action for a feature that nobody runs. If its unit is active, or down though nobody stopped it, an earlier leave was cut
 * short between its record and its restart.
 */
export const decideUnitLeaveAction = (unit: UnitState | undefined): LeaveAction =>
  unit === 'active' || isDownByItself(unit)
    ? { kind: 'fall-back', text: 'its service is on, and nobody runs it' }
    : leaveAlone('the service is not started');

/** The local container has claimed the feature, or the host has recorded the container. */
export const isRunLocally = (status: FeatureStatus): boolean =>
  status.currentOwner === 'local' && hasRecordedHolder(status);

/**
 * After these writes no gate passes, and whatever starts next is local, because `container start` finds remote_state none and a
 * switch that is not connected. Connected is written with each feature again: another writer may have said otherwise meanwhile.
 */
export function planLeave(feature: string, wallMs: number): RowWrite[] {
  const local = planReturnToLocal(feature);
  return [planDisconnect(wallMs), { ...local, values: { ...local.values, ...encodeUpdateTimes(wallMs) } }];
}

/** After this write the switch counts as not connected, so that whatever starts next is local. */
export const planDisconnect = (wallMs: number): RowWrite => ({
  kind: 'set',
  address: masterStatusRow,
  values: { ...encodeDisconnected(), ...encodeUpdateTimes(wallMs) },
});

const leaveAlone = (text: string): LeaveAction => ({ kind: 'stays', text });
