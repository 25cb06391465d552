import type { RowFields, RowValues } from '../contract/rows.ts';
import type { RowStore } from '../ports/row-store.ts';

/** A field has at most five of the 50,000 parts that an answer may have (contract.md, section 3). */
const FIELDS_PER_CALL = 5_000;

/**
 * Reads groups of rows as RowStore.read does, however many there are: a group in one step, but not all of them. Returns the rows of
 * each group. Throws CtrkitError('database').
 */
export async function readInBatches(
  store: Pick<RowStore, 'read'>,
  groups: readonly (readonly RowFields[])[],
): Promise<RowValues[][]> {
  const found: RowValues[][] = [];
  for (const batch of splitIntoBatches(groups)) {
    const rows = await store.read(batch.flat());
    for (const { length } of batch) found.push(rows.splice(0, length));
  }
  return found;
}

type Group = readonly RowFields[];

function splitIntoBatches(groups: readonly Group[]): Group[][] {
  const batches: Group[][] = [];
  let sum = Infinity;
  for (const group of groups) {
    const count = group.reduce((fields, row) => fields + row.fields.length, 0);
    sum += count;
    if (sum > FIELDS_PER_CALL) {
      batches.push([]);
      sum = count;
    }
    batches.at(-1)?.push(group);
  }
  return batches;
}
