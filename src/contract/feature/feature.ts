/**
 * The FEATURE rows, decoded (contract.md, section 2; HLD, "Feature configuration" and "Feature Status"; SONiC:
 * src/sonic-ctrmgrd/ctrmgr/container_startup.py).
 */
import type { FieldValues } from '../rows.ts';
import { STATUS_FIELD } from './status-fields.ts';

export type Owner = 'local' | 'kube';

export const isOwner = (text: string): text is Owner => text === 'local' || text === 'kube';

/** Wire names of the fields of CONFIG_DB `FEATURE|<f>`. */
export const CONFIG_FIELD = {
  setOwner: 'set_owner',
  state: 'state',
  noFallbackToLocal: 'no_fallback_to_local',
  autoRestart: 'auto_restart',
} as const;

/** What `decodeConfig` reads. */
export const CONFIG_FIELDS = [
  CONFIG_FIELD.setOwner,
  CONFIG_FIELD.state,
  CONFIG_FIELD.noFallbackToLocal,
] as const;

/** STATE_DB has two names for some things: both are written, every spelling is read (sonic.md, "Name drift"). */
export const STATUS_FIELDS = [
  STATUS_FIELD.currentOwner,
  STATUS_FIELD.dockerId,
  STATUS_FIELD.containerId,
  STATUS_FIELD.dashedId,
  STATUS_FIELD.containerVersion,
  STATUS_FIELD.remoteState,
  STATUS_FIELD.systemState,
  STATUS_FIELD.claimToken,
  STATUS_FIELD.claimOwner,
  STATUS_FIELD.claimBootId,
  STATUS_FIELD.claimMs,
  STATUS_FIELD.pendingToken,
] as const;

export interface FeatureConfig {
  readonly setOwner: string;
  readonly state: string;
  readonly noFallbackToLocal: boolean;
}

export interface FeatureStatus {
  /** `local`, `kube`, `none`, or empty. */
  readonly currentOwner: string;
  /** The container's own id if one is recorded, under whichever name. */
  readonly dockerId: string;
  /** What `container_id` says: the only id the shipped kit writes; the feature's name for owner local. */
  readonly containerId: string;
  readonly containerVersion: string;
  /** `none`, `pending`, `ready`, `running`, `stopped`, or empty. */
  readonly remoteState: string;
  readonly systemState: string;
  readonly claimToken: string;
  readonly claimBootId: string;
  /** Boot clock, milliseconds; undefined if there is none that makes sense. */
  readonly claimMs: number | undefined;
  readonly pendingToken: string;
}

/** Whether the record names a container that runs the feature: an owner, and an id under either name. */
export const hasRecordedHolder = <T extends Pick<FeatureStatus, 'currentOwner' | 'dockerId'>>(
  status: T,
): status is T & { readonly currentOwner: Owner } => isOwner(status.currentOwner) && status.dockerId !== '';

/** SONiC writes True, true, False and false (D20: `"false"` is not a yes). */
export const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true';

/** Exactly `disabled` or `always_disabled`: any other text, a Jinja template of the init file say, is no refusal. */
export const isDisabled = ({ state }: Pick<FeatureConfig, 'state'>): boolean =>
  state === 'disabled' || state === 'always_disabled';

/** Exactly `enabled` or `always_enabled`: the switch itself is to run it. */
export const isEnabled = ({ state }: Pick<FeatureConfig, 'state'>): boolean =>
  state === 'enabled' || state === 'always_enabled';

export function decodeConfig(values: FieldValues): FeatureConfig {
  return {
    setOwner: values[CONFIG_FIELD.setOwner] || 'local',
    state: values[CONFIG_FIELD.state] ?? '',
    noFallbackToLocal: isTrue(values[CONFIG_FIELD.noFallbackToLocal]),
  };
}

export function decodeStatus(values: FieldValues): FeatureStatus {
  const currentOwner = values['current_owner'] ?? '';
  const kitsId = values['docker_id'] ?? '';
  const shippedId = values['container_id'] || values[STATUS_FIELD.dashedId] || '';
  const claimOwner = values[STATUS_FIELD.claimOwner] ?? '';
  // A claim of the kit for kube writes one id under both names, and its owner twice. Where they differ, the shipped kit has
  // claimed since and left our fields as they were: they say nothing about its holder.
  const hasTwoIds = currentOwner === 'kube' && kitsId !== '' && shippedId !== '' && kitsId !== shippedId;
  const isShipped = hasTwoIds || (isOwner(currentOwner) && claimOwner !== '' && claimOwner !== currentOwner);
  return {
    currentOwner,
    dockerId: isShipped ? shippedId || kitsId : kitsId || shippedId,
    containerId: shippedId,
    containerVersion: values['container_version'] ?? '',
    remoteState: values['remote_state'] ?? '',
    systemState: values['system_state'] ?? '',
    claimToken: isShipped ? '' : (values['claim_token'] ?? ''),
    claimBootId: isShipped ? '' : (values['claim_boot_id'] ?? ''),
    claimMs: isShipped ? undefined : decodeMs(values['claim_ms']),
    pendingToken: values['pending_token'] ?? '',
  };
}

/** A time on the boot clock: undefined unless it is a plain number of milliseconds. */
export function decodeMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
