import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import { trackRecord } from '../../../../src/decide/feature/feature-memory.ts';
import {
  BEAT_ROW,
  HEALTHY,
  readRows,
  STATUS,
  withRows,
  type RawTables,
} from '../../../support/feature-inputs.ts';

const values = (...rows: RawTables[]): FieldValues => readRows(withRows(HEALTHY, ...rows)).statusValues;

describe('what ctrkitd remembers of a record', () => {
  test('a record is another one as soon as one of its fields is, a heartbeat makes none of it', () => {
    const first = trackRecord(undefined, values(), 1_000);
    assert.equal(first.sinceMs, 1_000);
    const beaten = trackRecord(
      first,
      values({ [BEAT_ROW]: { seq: '7' }, [STATUS]: { remote_state: 'none' } }),
      2_000,
    );
    assert.equal(beaten.sinceMs, 1_000);
    for (const field of ['claim_ms', 'claim_token', 'container_id', 'update_time'])
      assert.equal(trackRecord(first, values({ [STATUS]: { [field]: 'x' } }), 2_000).sinceMs, 2_000, field);
  });
});
