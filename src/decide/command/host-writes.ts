/**
 * What the host's commands write about a feature (sonic.md, "State machine as shipped"; contract.md, sections 2 and
 * 14).
 */
import { encodeUpdateTimes, planReleases, type GuardedRelease } from '../../contract/gate/claim.ts';
import { type FeatureStatus } from '../../contract/feature/feature.ts';
import { enabledLabel, labelsRow } from '../../contract/cluster/feature-labels.ts';
import { featureStatusRow, type FieldValues, type RowValues, type RowWrite } from '../../contract/rows.ts';
import { isHeld } from './host-snapshot.ts';
import type { StartDecision } from './host-start.ts';

export interface StartedFeature {
  readonly name: string;
  /** Of the switch's own container, 12 hex digits; undefined if that is not started, or is on record as it runs. */
  readonly dockerId: string | undefined;
}

/**
 * Of FEATURE|f: `set_owner` when the host side wrote the node's label last. A daemon that starts tells by it a change that
 * nobody saw from a label that somebody has set by hand.
 */
export const LABEL_OWNER = 'label_owner';

/** The fields by which the kit's agents know their own claim: they have none before their gate has made one. */
const NO_CLAIM = { claim_token: '', claim_boot_id: '', claim_ms: '' };

export function planStart(
  { kind }: StartDecision,
  { name, dockerId }: StartedFeature,
  wallMs: number,
): RowWrite[] {
  const isLocalOnly = kind === 'local';
  return [
    {
      kind: 'set',
      address: featureStatusRow(name),
      values: {
        system_state: 'up',
        ...encodeUpdateTimes(wallMs),
        [LABEL_OWNER]: isLocalOnly ? 'local' : 'kube',
        ...(isLocalOnly ? { remote_state: 'none' } : {}),
        ...(dockerId === undefined ? {} : { ...encodeLocalRecord(name, dockerId), ...NO_CLAIM }),
      },
      // Whoever asked for the host's answer asks again when Kubernetes is wanted.
      remove: isLocalOnly ? ['pending_token'] : [],
    },
    planLabel(name, !isLocalOnly),
  ];
}

const encodeLocalRecord = (name: string, dockerId: string) => ({
  current_owner: 'local',
  container_id: name,
  docker_id: dockerId,
});

/** The engine did not start it: the record goes, if it still is the one that `planStart` made, and nothing is up. */
export function planStartFailed(name: string, dockerId: string, wallMs: number): GuardedRelease {
  const address = featureStatusRow(name);
  return {
    guard: { address, values: { ...encodeLocalRecord(name, dockerId), claim_token: '' } },
    write: {
      kind: 'set',
      address,
      values: {
        current_owner: 'none',
        container_id: '',
        docker_id: '',
        system_state: 'down',
        ...encodeUpdateTimes(wallMs),
      },
    },
  };
}

/** Before the container ends: no gate passes from here on, and whoever sees it end knows that it was wanted. */
export const planDown = (name: string, wallMs: number): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(name),
  values: { system_state: 'down', ...encodeUpdateTimes(wallMs) },
});

/** The label as `set_owner` has it, and that it was written for that. */
export const planOwnersLabel = (name: string, isKube: boolean): RowWrite[] => [
  planLabel(name, isKube),
  {
    kind: 'set',
    address: featureStatusRow(name),
    values: { [LABEL_OWNER]: isKube ? 'kube' : 'local' },
  },
];

export const planLabel = (name: string, isEnabled: boolean): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [enabledLabel(name)]: String(isEnabled) },
});

/** The release of whoever is on record, guarded by that; the first one that fits is to be written. */
export function planClear(name: string, values: FieldValues, wallMs: number): GuardedRelease[] {
  const { current_owner, docker_id, container_id, claim_token, container_version = '' } = values;
  const record: RowValues = {
    address: featureStatusRow(name),
    values: { current_owner, docker_id, container_id, claim_token },
  };
  const holder = { dockerId: docker_id ?? '', token: claim_token ?? '', version: container_version };
  // Whoever's record it is: a `running` that was left behind would be waited on for ever.
  return planReleases(record, { ...holder, feature: name, owner: 'kube' }, wallMs);
}

/**
 * Whether the record is still that of the container which was to be ended: nobody's, the same container's, or, if none was
 * on record, that of the switch's own.
 */
export function isRecordOf(before: FeatureStatus, now: FeatureStatus): boolean {
  if (!isHeld(now)) return true;
  if (!isHeld(before)) return now.currentOwner === 'local';
  if (before.dockerId === 'unknown') return before.claimToken === now.claimToken;
  return before.currentOwner === now.currentOwner && before.dockerId === now.dockerId;
}

/** The host's answer to a container that asks to run, while it still asks. */
export const planReady = (name: string): GuardedRelease => ({
  guard: { address: featureStatusRow(name), values: { remote_state: 'pending' } },
  write: { kind: 'set', address: featureStatusRow(name), values: { remote_state: 'ready' } },
});

/** By this the next start is a local one. */
export const planGiveUp = (name: string): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(name),
  values: { remote_state: 'none' },
});
