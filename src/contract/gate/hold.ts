/** CONTAINER_HOLD, why a container is held (contract.md, section 3). */
import type { Owner } from '../feature/feature.ts';
import type { FieldValues } from '../rows.ts';

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
  text: hold.text,
  since_ts: String(hold.sinceTs),
  boot_id: hold.bootId,
});
