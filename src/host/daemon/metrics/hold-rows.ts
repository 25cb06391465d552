import { HOLD_FIELD, isHoldExpired } from '../../../contract/gate/hold.ts';
import { HOLD_TABLE, type FieldValues, type RowAddress } from '../../../contract/rows.ts';
import type { BootTime } from '../../../contract/timestamps.ts';
import { readInBatches } from '../../../loop/read-in-batches.ts';
import type { RowStore } from '../../../ports/row-store.ts';

const FIELDS = [HOLD_FIELD.bootId, HOLD_FIELD.renewedMs] as const;
/** `<feature><separator><docker id>`. */
const FEATURE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}(?=[|:])/;
/** More than a switch has containers. */
const MOST_ROWS = 1_000;

/** The rows of CONTAINER_HOLD, as they were read last. */
export class HoldRows {
  readonly #rows = new Map<string, FieldValues>();
  #isListed = false;

  /** Throws CtrkitError('database'). */
  async readAll(store: RowStore, isCurrent: () => boolean): Promise<void> {
    const rows = await store.list(HOLD_TABLE, '');
    if (!isCurrent()) return;
    await this.read(store, rows, isCurrent);
    this.#isListed = isCurrent();
  }

  /** Reads these rows anew. Throws CtrkitError('database'). */
  async read(store: RowStore, rows: readonly RowAddress[], isCurrent: () => boolean): Promise<void> {
    const groups = rows.map((address) => [{ address, fields: FIELDS, isDispensable: true }]);
    const found = (await readInBatches(store, groups)).flat();
    if (!isCurrent()) return;
    for (const { address, values } of found) {
      const isThere = Object.values(values).some((value) => value !== undefined);
      if (!isThere) this.#rows.delete(address.row);
      else if (this.#rows.size < MOST_ROWS || this.#rows.has(address.row))
        this.#rows.set(address.row, values);
    }
  }

  forget(): void {
    this.#rows.clear();
    this.#isListed = false;
  }

  /** Held containers by feature; undefined while they are not known. */
  count(now: BootTime): ReadonlyMap<string, number> | undefined {
    if (!this.#isListed) return undefined;
    const counts = new Map<string, number>();
    for (const [row, values] of this.#rows) {
      const feature = FEATURE.exec(row)?.[0];
      // Not every server sends an event for a row that expires.
      if (feature === undefined || isHoldExpired(values, now)) this.#rows.delete(row);
      else counts.set(feature, (counts.get(feature) ?? 0) + 1);
    }
    return counts;
  }
}
