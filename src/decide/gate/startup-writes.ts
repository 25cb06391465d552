/** The writes of a verdict (contract.md, sections 2 and 3). */
import type { Timestamps } from '../../contract/timestamps.ts';
import { planClaim, type Claim } from '../../contract/gate/claim.ts';
import { encodeStatus } from '../../contract/feature/status-fields.ts';
import { featureStatusRow, hostStatusRow, type RowValues, type RowWrite } from '../../contract/rows.ts';
import type { Verdict } from './startup-types.ts';

/**
 * Multi-ASIC: the shipped host side reads only its own row of the feature. If that row exists, requests and results are
 * written there too (D28).
 */
export const isMirrored = (rows: readonly RowValues[]): boolean =>
  rows.some(({ address, values }) => {
    const isHosts = address.db === 'hostState' && address.table === 'FEATURE';
    return isHosts && Object.values(values).some((value) => value !== undefined);
  });

/** The writes of a verdict that is no hold; `asic` is undefined where nothing is mirrored to the host's row. */
export function planVerdict(
  verdict: Exclude<Verdict, { kind: 'hold' }>,
  claim: Claim,
  now: Timestamps,
  asic: string | undefined,
): RowWrite[] {
  if (verdict.kind === 'go')
    return [...planClaim(claim, now), ...planMirror(claim, asic, encodeStatus({ remoteState: 'running' }))];
  if (verdict.announce === 'nothing') return [];
  const isAsking = verdict.announce === 'pending';
  const values = encodeStatus({
    containerVersion: claim.version,
    ...(isAsking ? { remoteState: 'pending', pendingToken: claim.token } : {}),
  });
  const announcement: RowWrite = { kind: 'set', address: featureStatusRow(claim.feature), values };
  const asking = encodeStatus({ remoteState: 'pending' });
  return isAsking ? [announcement, ...planMirror(claim, asic, asking)] : [announcement];
}

const planMirror = (claim: Claim, asic: string | undefined, values: Record<string, string>): RowWrite[] =>
  asic === undefined ? [] : [{ kind: 'set', address: hostStatusRow(claim.feature, asic), values }];
