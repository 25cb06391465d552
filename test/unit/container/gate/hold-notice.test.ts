import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HoldNotice } from '../../../../src/container/gate/hold-notice.ts';
import type { Claim } from '../../../../src/contract/gate/claim.ts';
import type { RowAddress } from '../../../../src/contract/rows.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';

const CLAIM: Claim = {
  feature: 'snmp',
  owner: 'kube',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
};
const ROW: RowAddress = { db: 'state', table: 'CONTAINER_HOLD', row: 'snmp|aaaaaaaaaaaa' };
const DOWN = { reason: 'system-not-up', text: 'it is down' } as const;

function setUp() {
  const log = new FakeLog();
  const clock = new FakeClock();
  return { log, clock, notice: new HoldNotice(CLAIM, { log, clock }) };
}

describe('the notice of a hold', () => {
  test('is logged and written at once, with every field of the contract, and expires after three minutes (D7)', () => {
    const { log, clock, notice } = setUp();
    assert.deepEqual(notice.renew(DOWN, ROW), [
      {
        kind: 'set',
        address: ROW,
        values: {
          owner: 'kube',
          version: '1.2.0',
          reason: 'system-not-up',
          text: 'it is down',
          since_ts: String(Math.floor(clock.wallMs() / 1000)),
          boot_id: 'boot-1',
          renewed_ms: String(clock.bootMs()),
        },
        ttlMs: 180_000,
      },
    ]);
    assert.deepEqual(log.lines, ['warn: snmp: held (system-not-up): it is down']);
  });

  test('is renewed, and logged again, every minute and not before (D7)', () => {
    const { log, clock, notice } = setUp();
    notice.renew(DOWN, ROW);
    clock.advance(59_999);
    assert.deepEqual(notice.renew(DOWN, ROW), []);
    assert.equal(log.lines.length, 1);
    clock.advance(1);
    assert.equal(notice.renewalMs, clock.bootMs());
    assert.equal(notice.renew(DOWN, ROW).length, 1);
    assert.equal(log.lines.length, 2);
  });

  test('a row that is gone is written again, and logged no more often (G28)', () => {
    const { log, notice } = setUp();
    notice.renew(DOWN, ROW);
    notice.recordSight({ values: { renewed_ms: '1' } });
    assert.deepEqual(notice.renew(DOWN, ROW), []);
    notice.recordSight({ values: {} });
    assert.equal(notice.renew(DOWN, ROW).length, 1);
    assert.equal(log.lines.length, 1);
  });

  test('says since when it is held for this reason, however often it is renewed', () => {
    const { clock, notice } = setUp();
    const since = (hold: Parameters<HoldNotice['renew']>[0]): string | undefined => {
      const [write] = notice.renew(hold, ROW);
      return write?.kind === 'set' ? write.values['since_ts'] : undefined;
    };
    const first = since(DOWN);
    clock.advance(60_000);
    assert.equal(since(DOWN), first);
    clock.advance(1_000);
    assert.equal(since({ ...DOWN, text: 'it is still down' }), first);
    clock.advance(1_000);
    assert.equal(since({ reason: 'owner-is-local', text: 'local' }), String(Number(first) + 62));
  });

  test('a change of reason, or of its text, is told at once', () => {
    const { log, notice } = setUp();
    notice.renew(DOWN, ROW);
    assert.equal(notice.renew({ ...DOWN, text: 'it is "none"' }, ROW).length, 1);
    assert.equal(notice.renew({ reason: 'owner-is-local', text: 'local' }, ROW).length, 1);
    assert.equal(log.lines.length, 3);
  });

  test('lifting removes the row, as often as it is asked, until the removal is written', () => {
    const { notice } = setUp();
    notice.renew(DOWN, ROW);
    for (let tries = 0; tries < 2; tries++)
      assert.deepEqual(notice.planRemoval(ROW), [{ kind: 'delete', address: ROW }]);
    notice.recordRemoval();
    assert.deepEqual(notice.planRemoval(ROW), []);
    assert.equal(notice.renewalMs, undefined);
  });

  test('where nothing was put there is nothing to lift or to renew', () => {
    const { notice } = setUp();
    assert.deepEqual(notice.planRemoval(ROW), []);
    assert.equal(notice.renewalMs, undefined);
    notice.forgetRow();
    assert.deepEqual(notice.planRemoval(ROW), []);
    assert.equal(notice.renewalMs, undefined);
  });

  test('a hold after it was lifted is news', () => {
    const { log, notice } = setUp();
    notice.renew(DOWN, ROW);
    notice.recordRemoval();
    assert.equal(notice.renew(DOWN, ROW).length, 1);
    assert.equal(log.lines.length, 2);
  });

  test('a row that the database may have lost is due again, and still to be lifted', () => {
    const { notice } = setUp();
    notice.renew(DOWN, ROW);
    notice.forgetRow();
    assert.deepEqual(notice.planRemoval(ROW), [{ kind: 'delete', address: ROW }]);
    assert.equal(notice.renew(DOWN, ROW).length, 1);
  });
});
