import type { GuardedWrite, RowWrite } from '../contract/rows.ts';
import type { RowStore } from '../ports/row-store.ts';

/**
 * Tries alternatives in order, and carries out the first one whose guard holds, together with `more` in one step. True if
 * one was carried out; false if no guard holds, and nothing was written. `onLeftOut` as in RowStore.write. Throws
 * CtrkitError('database').
 */
export async function writeFirst(
  store: Pick<RowStore, 'write'>,
  alternatives: readonly GuardedWrite[],
  more: readonly RowWrite[] = [],
  onLeftOut?: (problem: string) => void,
): Promise<boolean> {
  for (const { guard, write } of alternatives)
    if (await store.write([guard], [write, ...more], onLeftOut)) return true;
  return false;
}
