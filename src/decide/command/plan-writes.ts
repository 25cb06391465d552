/**
 * What the host's commands write about a feature (sonic.md, "State machine as shipped"; contract.md, sections 2 and
 * 14).
 */
import { enabledLabel, labelsRow } from '../../contract/cluster/feature-labels.ts';
import { hasRecordedHolder, type FeatureStatus } from '../../contract/feature/feature.ts';
import {
  encodeStatus,
  NO_CLAIM,
  STATUS_FIELD,
  type StatusValues,
} from '../../contract/feature/status-fields.ts';
import { encodeUpdateTimes, planReleases } from '../../contract/gate/claim.ts';
import {
  asDispensable,
  featureStatusRow,
  type FieldValues,
  type RowValues,
  type RowWrite,
  type GuardedWrite,
} from '../../contract/rows.ts';
import type { StartDecision } from './decide-start.ts';

export interface StartedFeature {
  readonly name: string;
  /** The id of the switch's own container, 12 hex digits; undefined if that is not started, or is on record as it runs. */
  readonly dockerId: string | undefined;
}

/** The feature is up. `wallMs` is the time of the change, as in every function here. */
export function planStart(
  decision: StartDecision,
  { name, dockerId }: StartedFeature,
  wallMs: number,
): RowWrite[] {
  const isLocalOnly = decision.kind === 'local';
  const isAskedAnew = isLocalOnly || (decision.kind === 'kube-and-local' && decision.isAskedAnew === true);
  const values = {
    ...encodeStatus({ systemState: 'up', labelOwner: isLocalOnly ? 'local' : 'kube' }),
    ...encodeUpdateTimes(wallMs),
    ...(isAskedAnew ? encodeStatus({ remoteState: 'none' }) : {}),
    // An agent knows its own claim by these fields: there is none before its gate has claimed.
    ...(dockerId === undefined ? {} : { ...encodeLocalRecord(name, dockerId), ...NO_CLAIM }),
  };
  // Whoever asked for the host's answer asks again when Kubernetes is wanted.
  const remove = isAskedAnew ? [STATUS_FIELD.pendingToken] : [];
  const label = asDispensable(planLabel(name, !isLocalOnly));
  return [{ kind: 'set', address: featureStatusRow(name), values, remove }, label];
}

const encodeLocalRecord = (name: string, dockerId: string): Record<string, string> =>
  encodeStatus({ currentOwner: 'local', containerId: name, dockerId });

/** The engine did not start it: the record goes, if it still is the one that `planStart` made, and nothing is up. */
export function planStartFailed(name: string, dockerId: string, wallMs: number): GuardedWrite {
  const record = { ...encodeLocalRecord(name, dockerId), ...encodeStatus({ claimToken: '' }) };
  const released = { currentOwner: 'none', containerId: '', dockerId: '', systemState: 'down' };
  return {
    guard: { address: featureStatusRow(name), values: record },
    write: planStatus(name, released, wallMs),
  };
}

/** Before the container ends: no gate passes from here on, and whoever sees it end knows that it was wanted. */
export const planDown = (name: string, wallMs: number): RowWrite =>
  planStatus(name, { systemState: 'down' }, wallMs);

const planStatus = (name: string, values: StatusValues, wallMs: number): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(name),
  values: { ...encodeStatus(values), ...encodeUpdateTimes(wallMs) },
});

/**
 * The label as `set_owner` has it, and as `label_owner` the owner for which it was written: by that a daemon that starts
 * tells a change of owner that nobody saw from a label that an operator has set by hand.
 */
export const planOwnersLabel = (name: string, isKube: boolean): RowWrite[] => [
  planLabel(name, isKube),
  {
    kind: 'set',
    address: featureStatusRow(name),
    values: encodeStatus({ labelOwner: isKube ? 'kube' : 'local' }),
  },
];

/** Lets Kubernetes deploy the feature here, or keeps Kubernetes from it. */
export const planLabel = (name: string, isEnabled: boolean): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [enabledLabel(name)]: String(isEnabled) },
});

const HOLDER_FIELDS = [
  STATUS_FIELD.currentOwner,
  STATUS_FIELD.dockerId,
  STATUS_FIELD.containerId,
  STATUS_FIELD.claimToken,
] as const;

/** The release of whoever is on record, guarded by that; the first one that fits is to be written. */
export function planClear(name: string, values: FieldValues, wallMs: number): GuardedWrite[] {
  const record: RowValues = {
    address: featureStatusRow(name),
    values: Object.fromEntries(HOLDER_FIELDS.map((field) => [field, values[field]])),
  };
  const holder = {
    dockerId: values[STATUS_FIELD.dockerId] ?? '',
    token: values[STATUS_FIELD.claimToken] ?? '',
    version: values[STATUS_FIELD.containerVersion] ?? '',
  };
  // Whoever's record it is: a `running` that was left behind would be waited on for ever.
  return planReleases(record, { ...holder, feature: name, owner: 'kube' }, wallMs);
}

/**
 * Whether the record is still that of the container which was to be ended: nobody's, the same container's, or, if none was
 * on record, that of the switch's own. `before` is the record as it was while that container ran.
 */
export function isRecordOf(before: FeatureStatus, now: FeatureStatus): boolean {
  if (!hasRecordedHolder(now)) return true;
  if (!hasRecordedHolder(before)) return now.currentOwner === 'local';
  if (before.dockerId === 'unknown') return before.claimToken === now.claimToken;
  return before.currentOwner === now.currentOwner && before.dockerId === now.dockerId;
}

/** The host's answer to a container that asks to run, while it still asks. */
export const planReady = (name: string): GuardedWrite => ({
  guard: { address: featureStatusRow(name), values: encodeStatus({ remoteState: 'pending' }) },
  write: { kind: 'set', address: featureStatusRow(name), values: encodeStatus({ remoteState: 'ready' }) },
});

/**
 * Back to the local image: `container start` finds `remote_state` = `none` and starts it. `system_state` is down from here on:
 * otherwise the gate of another container would overwrite `none` with `pending`, and local would not be started.
 */
export const planReturnToLocal = (name: string): Extract<RowWrite, { kind: 'set' }> => ({
  kind: 'set',
  address: featureStatusRow(name),
  values: encodeStatus({ remoteState: 'none', systemState: 'down' }),
  remove: [STATUS_FIELD.pendingToken],
});

/**
 * Kubernetes has not run it in time: the next start is a local one. Not `planReturnToLocal`: the service stays up, by which
 * ctrkitd tells this from a stop and restarts it (contract.md, section 14, `back-to-local`).
 */
export const planGiveUp = (name: string): RowWrite => ({
  kind: 'set',
  address: featureStatusRow(name),
  values: encodeStatus({ remoteState: 'none' }),
});
