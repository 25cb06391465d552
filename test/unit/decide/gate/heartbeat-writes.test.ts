import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthRow, type RowValues, type RowWrite } from '../../../../src/contract/rows.ts';
import {
  decodeCounts,
  planBeat,
  planRecord,
  planReleaseMirror,
  planReleaseNotices,
  planUpStatusChange,
} from '../../../../src/decide/gate/heartbeat-writes.ts';
import { HEALTHY } from '../../../support/health.ts';
import { NOW } from '../../../support/snapshots.ts';
import { claimOf } from '../../../support/claims.ts';

const CLAIM = claimOf({ redisUrl: 'redis://:secret@localhost' });
const AT = { bootId: NOW.bootId, bootMs: NOW.bootMs, wallMs: 1_700_000_000_999 };
const UP = { isUp: true, failReason: '' };
const DOWN = { isUp: false, failReason: 'main: broken' };

const countRow = (values: RowValues['values']): RowValues => ({ address: healthRow('snmp'), values });
const tablesOf = (writes: readonly RowWrite[]): string[] =>
  writes.map(({ address: { db, table, row } }) => `${db} ${table}|${row}`);
const valuesOf = (write: RowWrite | undefined) => (write?.kind === 'set' ? write.values : {});

describe('the counts of a claim’s heartbeats', () => {
  test('go on from those of an earlier agent of the same claim', () => {
    const row = countRow({ token: 'token-a', seq: '41', restarts: '7' });
    assert.deepEqual(decodeCounts(row, CLAIM), { seq: 41, restarts: 7 });
  });

  test('begin anew without a row, in another claim’s row, and where the text is no count', () => {
    const nothing = { seq: 0, restarts: 0 };
    for (const row of [
      undefined,
      countRow({}),
      countRow({ token: 'token-b', seq: '41', restarts: '7' }),
      countRow({ token: 'token-a', seq: '-1', restarts: '1e3' }),
      countRow({ token: 'token-a', seq: '9'.repeat(10) }),
    ])
      assert.deepEqual(decodeCounts(row, CLAIM), nothing);
  });
});

describe('a heartbeat', () => {
  test('counts on, and says when it was made, by whom, and when the next one is promised', () => {
    const before = { seq: 41, restarts: 7 };
    const health = { ...HEALTHY, restarts: 2 };
    const write = planBeat(CLAIM, health, before, { now: AT, intervalMs: 10_000 });
    assert.deepEqual(tablesOf([write]), ['state CONTAINER_HEALTH|snmp']);
    const values = valuesOf(write);
    assert.deepEqual(
      [values['token'], values['seq'], values['restarts'], values['beat_ms'], values['interval_ms']],
      ['token-a', '42', '9', String(AT.bootMs), '10000'],
    );
    assert.deepEqual([values['boot_id'], values['updated_ts']], [AT.bootId, '1700000000']);
    assert.ok(!JSON.stringify(write).includes('secret'));
  });
});

describe('up_status', () => {
  test('is written when it is another one, and not where nobody wants it', () => {
    assert.equal(planUpStatusChange(CLAIM, UP, undefined).length, 1);
    assert.equal(planUpStatusChange(CLAIM, UP, DOWN).length, 1);
    assert.equal(planUpStatusChange(CLAIM, { ...DOWN, failReason: 'other' }, DOWN).length, 1);
    assert.deepEqual(planUpStatusChange(CLAIM, { ...UP }, UP), []);
    assert.deepEqual(planUpStatusChange(CLAIM, undefined, UP), []);
    assert.deepEqual(planUpStatusChange(CLAIM, undefined, undefined), []);
  });
});

describe('a record that is made again', () => {
  test('is the claim, and of owner local its label in either database', () => {
    const single = { now: AT, isMultiAsic: false };
    const multi = { now: AT, isMultiAsic: true };
    const local = { ...CLAIM, owner: 'local' } as const;
    assert.deepEqual(tablesOf(planRecord(CLAIM, undefined, multi)), ['state FEATURE|snmp']);
    assert.deepEqual(tablesOf(planRecord(local, undefined, single)), [
      'state FEATURE|snmp',
      'state KUBE_LABELS|SET',
    ]);
    assert.deepEqual(tablesOf(planRecord(local, undefined, multi)), [
      'state FEATURE|snmp',
      'state KUBE_LABELS|SET',
      'hostState KUBE_LABELS|SET',
    ]);
  });

  test('has up_status again where that is wanted', () => {
    const writes = planRecord(CLAIM, DOWN, { now: AT, isMultiAsic: false });
    assert.equal(valuesOf(writes[1])['up_status'], 'false');
  });
});

describe('beside a release', () => {
  test('the host’s row is told where it took part and says running, and sysmonitor where it was told before (G9)', () => {
    assert.deepEqual(planReleaseNotices(CLAIM, undefined), []);
    assert.deepEqual(planReleaseMirror(CLAIM, '0'), []);
    const writes = [
      ...planReleaseNotices(CLAIM, UP),
      ...planReleaseMirror({ ...CLAIM, isMirrored: true }, '0'),
    ];
    assert.deepEqual(tablesOf(writes), ['state FEATURE|snmp', 'hostState FEATURE|snmp0']);
    assert.deepEqual(
      [valuesOf(writes[0])['up_status'], valuesOf(writes[0])['fail_reason'], valuesOf(writes[1])],
      ['false', 'stopped', { remote_state: 'stopped' }],
    );
    const mirror = writes[1];
    assert.deepEqual(mirror?.kind === 'set' && mirror.onlyIf, { remote_state: 'running' });
  });
});
