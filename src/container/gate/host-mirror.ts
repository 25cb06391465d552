import type { Claim } from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { RowValues } from '../../contract/rows.ts';
import { isMirrored, planHostClaim } from '../../decide/gate/host-mirror.ts';
import type { RowStore } from '../../ports/row-store.ts';

/**
 * Multi-ASIC: tells the host's row of a claim that has been made. Returns why it could not be told, empty if it was, or need
 * not be. The claim holds all the same: asked again, the gate would make it again, and never come to an end.
 */
export async function mirrorClaim(
  { store, databases }: { readonly store: RowStore; readonly databases: Databases },
  { feature }: Claim,
  rows: readonly RowValues[],
): Promise<string> {
  if (!isMirrored(rows)) return '';
  try {
    await store.write([], [planHostClaim({ feature, asic: databases.asic }, rows)]);
    return '';
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
    return error.message;
  }
}
