/** The writes of a verdict (contract.md, sections 2 and 3). */
import type { Timestamps } from '../../contract/timestamps.ts';
import { planClaim, type Claim } from '../../contract/gate/claim.ts';
import { encodeStatus } from '../../contract/feature/status-fields.ts';
import { featureStatusRow, type RowWrite } from '../../contract/rows.ts';
import { planHostQuestion } from './host-mirror.ts';
import type { Verdict } from './startup-types.ts';

/**
 * The writes of a verdict that is no hold, in the order in which they are to be made; `asic` is undefined where the host's
 * row does not take part. The host is told of a claim apart: it is made whether the host's server takes that or not.
 */
export function planVerdict(
  verdict: Exclude<Verdict, { kind: 'hold' }>,
  claim: Claim,
  now: Timestamps,
  asic: string | undefined,
): RowWrite[] {
  if (verdict.kind === 'go') return planClaim(claim, now);
  if (verdict.announce === 'nothing') return [];
  const isAsking = verdict.announce === 'pending';
  const values = encodeStatus({
    containerVersion: claim.version,
    ...(isAsking ? { remoteState: 'pending', pendingToken: claim.token } : {}),
  });
  const announcement: RowWrite = { kind: 'set', address: featureStatusRow(claim.feature), values };
  if (!isAsking || asic === undefined) return [announcement];
  return [planHostQuestion({ feature: claim.feature, asic }), announcement];
}
