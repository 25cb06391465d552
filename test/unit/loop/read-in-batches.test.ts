import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthRow, type RowFields } from '../../../src/contract/rows.ts';
import { readInBatches } from '../../../src/loop/read-in-batches.ts';
import { FakeDatabases } from '../../support/fake-row-store.ts';

const group = (name: string, rows: number, fields: number): RowFields[] =>
  Array.from({ length: rows }, (_, row) => ({
    address: healthRow(`${name}-${row}`),
    fields: Array.from({ length: fields }, (_value, field) => `field-${field}`),
  }));

/** The rows of each call. */
async function read(groups: readonly (readonly RowFields[])[]) {
  const calls: string[][] = [];
  const store = new FakeDatabases(() => 0).open();
  const counting = {
    read: async (rows: readonly RowFields[]) => {
      calls.push(rows.map(({ address }) => address.row));
      return store.read(rows);
    },
  };
  return { calls, found: await readInBatches(counting, groups) };
}

describe('rows in batches', () => {
  test('are returned as they were grouped, and a group is read in one step', async () => {
    const groups = [group('a', 3, 1_000), group('b', 2, 1_000), group('c', 1, 1), group('d', 2, 2_500)];
    const { calls, found } = await read(groups);
    assert.deepEqual(calls, [['a-0', 'a-1', 'a-2', 'b-0', 'b-1'], ['c-0'], ['d-0', 'd-1']]);
    assert.deepEqual(
      found.map((rows) => rows.map(({ address }) => address.row)),
      groups.map((rows) => rows.map(({ address }) => address.row)),
    );
  });

  test('that are none ask nothing, and a group without rows has none', async () => {
    assert.deepEqual(await read([]), { calls: [], found: [] });
    assert.deepEqual((await read([[], group('a', 1, 1)])).found[0], []);
  });

  test('of a group that is too large for a call are read in one all the same', async () => {
    assert.deepEqual((await read([group('a', 1, 1), group('b', 3, 2_000)])).calls, [
      ['a-0'],
      ['b-0', 'b-1', 'b-2'],
    ]);
  });
});
