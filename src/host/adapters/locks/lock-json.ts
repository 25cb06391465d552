/** A lock as it is on the disk: JSON that people can read, with field names in the style of the databases. */
import * as v from 'valibot';
import type { FeatureLock } from '../../../contract/feature/lock.ts';
import { isFeatureName } from '../../../contract/names.ts';
import { toPlainLine } from '../../../text/printable.ts';

const FORMAT = 1;
/** A longer owner or reason is cut. */
const MAX_OWNER_LENGTH = 64;
const MAX_REASON_LENGTH = 300;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const LOCK = v.object({
  format: v.literal(FORMAT),
  feature: v.pipe(v.string(), v.check(isFeatureName)),
  owner: v.string(),
  reason: v.string(),
  since_ts: count,
  for_ms: count,
  boot_id: v.string(),
  boot_ms: count,
});

export const encodeLock = (lock: FeatureLock): string =>
  `${JSON.stringify(
    {
      format: FORMAT,
      feature: lock.feature,
      owner: toPlainLine(lock.owner, MAX_OWNER_LENGTH),
      reason: toPlainLine(lock.reason, MAX_REASON_LENGTH),
      since_ts: lock.sinceTs,
      for_ms: lock.forMs,
      boot_id: lock.bootId,
      boot_ms: lock.bootMs,
    },
    undefined,
    2,
  )}\n`;

/** Undefined for text that is no lock of this feature. */
export function decodeLock(text: string, feature: string): FeatureLock | undefined {
  const parsed = v.safeParse(LOCK, parseJson(text));
  if (!parsed.success || parsed.output.feature !== feature) return undefined;
  const { owner, reason, since_ts: sinceTs, for_ms: forMs, boot_id: bootId, boot_ms: bootMs } = parsed.output;
  return {
    feature,
    owner: toPlainLine(owner, MAX_OWNER_LENGTH),
    reason: toPlainLine(reason, MAX_REASON_LENGTH),
    sinceTs,
    forMs,
    bootId,
    bootMs,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
