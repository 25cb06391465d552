/**
 * What becomes of a feature when the switch leaves its master (HLD, "config kube join/reset"; contract.md, section 11).
 */
import { isDisabled, type FeatureStatus } from '../../contract/feature/feature.ts';
import { featureStatusRow, type RowWrite } from '../../contract/rows.ts';
import { encodeDisconnected, masterStatusRow } from '../../contract/cluster/master-status.ts';
import { encodeUpdateTimes } from '../../contract/gate/claim.ts';
import { isDownByItself, type UnitState } from '../../contract/feature/unit-state.ts';
import { hasHolder, type HostSnapshot } from '../command/host-snapshot.ts';

export type FeatureFate =
  /** Its service is restarted, so that its local image runs. */
  | { readonly kind: 'fall-back'; readonly text: string }
  /** Nobody runs it afterwards. */
  | { readonly kind: 'goes-down'; readonly text: string }
  /** Nobody runs it, and only systemd knows whether somebody stopped it. */
  | { readonly kind: 'ask-unit' }
  | { readonly kind: 'stays'; readonly text: string };

export function decideFate(feature: string, { config, status }: HostSnapshot): FeatureFate {
  // Redis itself runs in it.
  if (feature === 'database') return stays('the database is never switched');
  if (isDisabled(config)) return stays(`the feature is ${config.state}`);
  if (isLocal(status)) return stays('its local image runs');
  const isKubes = status.currentOwner === 'kube';
  if (config.setOwner !== 'kube')
    return isKubes
      ? { kind: 'fall-back', text: 'set_owner is local, and Kubernetes runs it' }
      : stays('it is not Kubernetes’ to run');
  if (config.noFallbackToLocal)
    return isKubes || status.systemState === 'up'
      ? { kind: 'goes-down', text: 'no_fallback_to_local is true' }
      : stays('the service is not started');
  if (isKubes) return { kind: 'fall-back', text: 'Kubernetes runs it' };
  // It would wait for Kubernetes.
  if (status.systemState === 'up') return { kind: 'fall-back', text: 'nobody runs it' };
  return { kind: 'ask-unit' };
}

/** A service that is down without anybody having stopped it: a leave was cut short between its record and its restart. */
export const decideFateOfUnit = (unit: UnitState | undefined): FeatureFate =>
  unit === 'active' || isDownByItself(unit)
    ? { kind: 'fall-back', text: 'its service is on, and nobody runs it' }
    : stays('the service is not started');

/** The local container has claimed, or the host has recorded it. */
export const isLocal = (status: FeatureStatus): boolean =>
  status.currentOwner === 'local' && hasHolder(status);

/**
 * From here on no gate passes, and whatever starts next is local: `container start` finds `none`, and a master that is not
 * connected. The latter again with each feature: whoever watches the node may have said otherwise meanwhile.
 */
export const planLocalNext = (feature: string, wallMs: number): RowWrite[] => [
  planDisconnected(wallMs),
  {
    kind: 'set',
    address: featureStatusRow(feature),
    values: { remote_state: 'none', system_state: 'down', ...encodeUpdateTimes(wallMs) },
    remove: ['pending_token'],
  },
];

/** STATE_DB `KUBERNETES_MASTER|SERVER`: whatever runs is local from now on. */
export const planDisconnected = (wallMs: number): RowWrite => ({
  kind: 'set',
  address: masterStatusRow,
  values: { ...encodeDisconnected(), ...encodeUpdateTimes(wallMs) },
});

const stays = (text: string): FeatureFate => ({ kind: 'stays', text });
