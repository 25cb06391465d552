import { HEALTH_FIELD } from '../../contract/health/heartbeat.ts';
import { healthRow, type FieldValues, type RowFields } from '../../contract/rows.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { findLiveHolder } from './live-holder.ts';
import type { HolderRows } from './startup-types.ts';

/**
 * How healthy the holder is. Not among the rows of the decision: those guard the claim, and a check that comes and goes would
 * refuse it.
 */
export const selectHolderHealth = (feature: string): RowFields => ({
  address: healthRow(feature),
  fields: [HEALTH_FIELD.status],
});

/**
 * Boot clock: until when a container of `version` that is held as `version-is-local` is served, which is when the heartbeat of
 * the switch's own container is overdue (contract.md, section 5). Undefined unless that one beats, in this boot, and its
 * heartbeat itself says that it runs this very version and is healthy. `health` has the field of `selectHolderHealth`, read in
 * the same step; a grace of the observer's own, which only keeps others from starting, counts for nothing here.
 */
export function findServedUntil(
  { status, heartbeat }: HolderRows,
  health: FieldValues,
  version: string,
  now: BootTime,
): number | undefined {
  // The heartbeat alone counts: a claim, however fresh, says nothing of health.
  const holder = findLiveHolder({ ...status, claimMs: undefined }, heartbeat, now);
  const isWell =
    health[HEALTH_FIELD.status] === 'healthy' &&
    heartbeat.owner === 'local' &&
    heartbeat.bootId === now.bootId &&
    heartbeat.version.toLowerCase() === version.toLowerCase();
  // One whose heartbeat is another's, or names another owner than its record, is not known to be live until any time.
  return isWell ? holder?.liveUntilMs : undefined;
}
