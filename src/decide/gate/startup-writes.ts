/** What a verdict asks to be written (contract.md, sections 2 and 3). */
import type { Timestamps } from '../../contract/timestamps.ts';
import { planClaim, type Claim } from '../../contract/gate/claim.ts';
import { featureStatusRow, hostStatusRow, type RowValues, type RowWrite } from '../../contract/rows.ts';
import type { Verdict } from './startup.ts';

type Granted = Exclude<Verdict, { kind: 'hold' }>;

/**
 * Multi-ASIC: the shipped host side sees only its own row of the feature. Where it has written one, it is asked and
 * told there too (D28).
 */
export const isMirrored = (rows: readonly RowValues[]): boolean =>
  rows.some(({ address, values }) => {
    const isHosts = address.db === 'hostState' && address.table === 'FEATURE';
    return isHosts && Object.values(values).some((value) => value !== undefined);
  });

/** `asic` is undefined where nothing is mirrored. */
export function planVerdict(
  verdict: Granted,
  claim: Claim,
  at: Timestamps,
  asic: string | undefined,
): RowWrite[] {
  if (verdict.kind === 'go')
    return [...planClaim(claim, at), ...planMirror(claim, asic, { remote_state: 'running' })];
  if (verdict.announce === 'nothing') return [];
  const version = { container_version: claim.version };
  const asking = { remote_state: 'pending' };
  const isAsking = verdict.announce === 'pending';
  const values = isAsking ? { ...version, ...asking, pending_token: claim.token } : version;
  const announcement: RowWrite = { kind: 'set', address: featureStatusRow(claim.feature), values };
  return isAsking ? [announcement, ...planMirror(claim, asic, asking)] : [announcement];
}

const planMirror = (claim: Claim, asic: string | undefined, values: Record<string, string>): RowWrite[] =>
  asic === undefined ? [] : [{ kind: 'set', address: hostStatusRow(claim.feature, asic), values }];
