/** CONTAINER_HOLD, why a container is held (contract.md, section 3). */
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import type { Owner } from '../feature/feature.ts';
import type { FieldValues } from '../rows.ts';
import type { BootTime } from '../timestamps.ts';
import type { Claim } from './claim.ts';

/** What `docker_id` says where the id can't be found. */
const UNKNOWN_ID = 'unknown';

export type HoldReason =
  | 'owner-is-local'
  | 'feature-disabled'
  | 'system-not-up'
  | 'version-blocked'
  | 'version-is-local'
  | 'higher-version-running'
  | 'superseded';

/** The row expires this long after its last renewal: a killed gate leaves none behind. */
export const HOLD_TTL_MS = 180_000;
/** A held gate renews its row, and logs that it is held, at this interval. */
export const HOLD_RENEWAL_MS = 60_000;

/** Wire names of the row's fields. */
export const HOLD_FIELD = {
  owner: 'owner',
  version: 'version',
  reason: 'reason',
  text: 'text',
  sinceTs: 'since_ts',
  bootId: 'boot_id',
  renewedMs: 'renewed_ms',
} as const;

export const HOLD_FIELDS = Object.values(HOLD_FIELD);

export interface HoldRecord {
  readonly owner: Owner;
  readonly version: string;
  readonly reason: HoldReason;
  readonly text: string;
  /** Wall clock, seconds, of the first hold for this reason. */
  readonly sinceTs: number;
  readonly bootId: string;
  /** Boot clock, milliseconds, of this writing. */
  readonly renewedMs: number;
}

/**
 * The last part of the row's key. Containers whose id can't be found are told apart by their tokens: each has a row of its
 * own.
 */
export const nameHold = ({ dockerId, token }: Pick<Claim, 'dockerId' | 'token'>): string =>
  dockerId === UNKNOWN_ID ? `${dockerId}-${token.slice(0, 8)}` : dockerId;

/**
 * The gate that wrote the row has not renewed it, by the boot clock: it is gone. The server's own expiry is by its wall
 * clock, which may be stepped. A row without these fields is of a gate before they were written.
 */
export function isHoldExpired(values: FieldValues, now: BootTime): boolean {
  const { [HOLD_FIELD.bootId]: bootId = '', [HOLD_FIELD.renewedMs]: renewedMs = '' } = values;
  if (bootId !== '' && bootId !== now.bootId) return true;
  return renewedMs !== '' && now.bootMs >= Number(renewedMs) + HOLD_TTL_MS;
}

/** The texts of a row of CONTAINER_HOLD, for people; empty where the row has none. */
export const decodeHoldTexts = (values: FieldValues) => ({
  version: values['version'] ?? '',
  reason: values['reason'] ?? '',
  text: values['text'] ?? '',
});

export const encodeHold = (hold: HoldRecord): Record<string, string> => ({
  owner: hold.owner,
  version: hold.version,
  reason: hold.reason,
  text: toOneLine(hold.text, MAX_REASON_LENGTH),
  since_ts: String(hold.sinceTs),
  boot_id: hold.bootId,
  renewed_ms: String(hold.renewedMs),
});
