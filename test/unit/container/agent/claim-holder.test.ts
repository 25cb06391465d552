import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClaimHolder } from '../../../../src/container/agent/claim-holder.ts';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import type { UpStatus } from '../../../../src/contract/feature/feature-policy.ts';
import { labelsRow } from '../../../../src/contract/cluster/feature-labels.ts';
import { featureStatusRow, healthRow } from '../../../../src/contract/rows.ts';
import { drainEventLoop, FakeClock } from '../../../support/fake-clock.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { HEALTHY } from '../../../support/health.ts';
import { claimOf } from '../../../support/claims.ts';

const ROW = featureStatusRow('snmp');

const BEAT = healthRow('snmp');
const LOCATION = { endpoint: { path: '/a.sock' }, id: 6, separator: '|' };
const WHERE = { config: LOCATION, state: LOCATION, asic: '', source: 'a test', warnings: [] };
const UP: UpStatus = { isUp: true, failReason: '' };
const DOWN: UpStatus = { isUp: false, failReason: 'start: failed' };

/** A container that was let in for kube and has beaten once. */
async function openHolder(upStatus?: UpStatus) {
  const clock = new FakeClock();
  const databases = new FakeDatabases(clock.bootMs);
  const claim = claimOf({ version: '2.0.0', dockerId: 'unknown', startedMs: clock.bootMs() });
  const at = readTimestamps(clock);
  const store = databases.open();
  await store.write([], planClaim(claim, at));
  /** The agent, or the one that comes after it in the same start of the container. */
  const open = () =>
    new ClaimHolder(claim, {
      store: databases.open(),
      databases: WHERE,
      clock,
      intervalMs: 10_000,
      onLeftOut: () => {},
    });
  const holder = open();
  assert.deepEqual(await holder.beat({ ...HEALTHY, upStatus }), { kind: 'renewed' });
  const row = () => databases.row(ROW) ?? {};
  const seq = () => Number(databases.row(BEAT)?.['seq']);
  return { clock, databases, holder, open, row, seq };
}

/** A container of owner local whose gate had no database. */
function openLocal(databases: FakeDatabases, onLeftOut: (problem: string) => void): ClaimHolder {
  const claim = claimOf({ owner: 'local', isRecorded: false });
  return new ClaimHolder(claim, {
    store: databases.open(),
    databases: WHERE,
    clock: new FakeClock(),
    intervalMs: 10_000,
    onLeftOut,
  });
}

describe('the claim of a running container', () => {
  test('is made again when the host side cleared owner and id, and left the token it does not know (D10)', async () => {
    const { databases, holder, row } = await openHolder();
    databases.put(ROW, { current_owner: 'none', container_id: '', remote_state: 'stopped' });
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
    assert.equal(row()['current_owner'], 'kube');
    assert.equal(row()['container_id'], 'unknown');
    assert.equal(row()['remote_state'], 'running');
  });

  test('is made again at once when the record was deleted, but not by an agent that was frozen for a lease (G2)', async () => {
    const { clock, databases, holder, row } = await openHolder();
    const lose = (): void => {
      databases.apply([ROW, BEAT].map((address) => ({ kind: 'delete', address })));
    };
    clock.advance(29_999);
    lose();
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
    clock.advance(30_000);
    lose();
    // Another container may run: it is on record again before that.
    for (const ms of [0, 10_000, 1_499]) {
      clock.advance(ms);
      assert.deepEqual(await holder.beat(HEALTHY), { kind: 'contested' });
      assert.equal(row()['current_owner'], undefined);
    }
    clock.advance(1);
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
    lose();
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
  });

  test('is made again at once after a database that hung for a lease: that is no frost (G2)', async () => {
    const { clock, databases, holder } = await openHolder();
    await holder.frost.watch(() => clock.pass(60_000));
    databases.apply([ROW, BEAT].map((address) => ({ kind: 'delete', address })));
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
  });

  test('is not made again at once by an agent that was frozen while something was under way (G2)', async () => {
    const { clock, databases, holder } = await openHolder();
    await holder.frost.watch(async () => clock.freeze(30_000));
    databases.apply([ROW, BEAT].map((address) => ({ kind: 'delete', address })));
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'contested' });
  });

  test('is superseded when the shipped kit claimed for local over it, and writes nothing any more', async () => {
    const { databases, holder, row } = await openHolder();
    databases.put(ROW, { current_owner: 'local', container_id: 'snmp', container_version: '1.0.0' });
    const before = { ...row() };
    const beaten = databases.row(healthRow('snmp'));
    assert.equal((await holder.beat(HEALTHY)).kind, 'superseded');
    assert.equal(await holder.release(), false);
    assert.deepEqual(row(), before);
    assert.deepEqual(databases.row(healthRow('snmp')), beaten);
  });

  test('is released whole, also where the host side has cleared owner and id before', async () => {
    for (const cleared of [{}, { current_owner: 'none', container_id: '' }]) {
      const { databases, holder, row } = await openHolder();
      databases.put(ROW, cleared);
      assert.equal(await holder.release(), true);
      const { current_owner, docker_id, container_id, remote_state, claim_token, claim_boot_id, claim_ms } =
        row();
      assert.deepEqual(
        [current_owner, docker_id, container_id, remote_state, claim_token, claim_boot_id, claim_ms],
        ['none', '', '', 'stopped', '', '', ''],
      );
    }
  });

  test('is released whole, also where the key of its heartbeat is no hash (F8)', async () => {
    const { databases, holder, row } = await openHolder(UP);
    databases.putText(BEAT);
    assert.equal(await holder.release({ ...HEALTHY, status: 'stopping', upStatus: undefined }), true);
    const { current_owner, docker_id, claim_token, up_status } = row();
    assert.deepEqual([current_owner, docker_id, claim_token, up_status], ['none', '', '', 'false']);
  });

  test('is recorded where the key of its heartbeat or of the labels is no hash, and the heartbeat is asked for again (F8)', async () => {
    for (const broken of [BEAT, labelsRow('state')]) {
      const { databases, row } = await openHolder();
      databases.flush();
      databases.putText(broken);
      const problems: string[] = [];
      const local = openLocal(databases, (problem) => problems.push(problem));
      assert.deepEqual(await local.beat(HEALTHY), { kind: 'recorded' });
      assert.equal(row()['current_owner'], 'local');
      assert.match(problems.join(), new RegExp(`^WRONGTYPE ${broken.table}.* is a string`));
      if (broken === BEAT) await assert.rejects(local.beat(HEALTHY), /WRONGTYPE CONTAINER_HEALTH/);
      else assert.deepEqual(await local.beat(HEALTHY), { kind: 'renewed' });
      await databases.open().write([], [{ kind: 'delete', address: broken }]);
      assert.deepEqual(await local.beat(HEALTHY), { kind: 'renewed' });
    }
  });

  test('is released together with its last heartbeat, which counts on from one that is under way', async () => {
    const { databases, holder, row } = await openHolder();
    const beatRow = () => databases.row(healthRow('snmp')) ?? {};
    const before = Number(beatRow()['seq']);
    const underWay = holder.beat(HEALTHY);
    assert.equal(await holder.release({ ...HEALTHY, status: 'stopping', upStatus: undefined }), true);
    assert.equal((await underWay).kind, 'renewed');
    assert.deepEqual([row()['current_owner'], beatRow()['status']], ['none', 'stopping']);
    assert.equal(Number(beatRow()['seq']), before + 2);
  });

  test('counts up by one with each heartbeat that was written, and with no other', async () => {
    const { databases, holder } = await openHolder();
    databases.goDown();
    await assert.rejects(holder.beat(HEALTHY));
    databases.comeBack();
    await holder.beat(HEALTHY);
    assert.equal(databases.row(healthRow('snmp'))?.['seq'], '2');
  });

  test('a heartbeat that was refused, because the claim is another’s, does not count', async () => {
    const { databases, holder, seq } = await openHolder();
    const kept = databases.row(ROW) ?? {};
    databases.put(ROW, { current_owner: 'local', container_id: 'snmp' });
    await holder.beat(HEALTHY);
    assert.equal(seq(), 1);
    databases.put(ROW, kept);
    await holder.beat(HEALTHY);
    assert.equal(seq(), 2);
  });

  test('an agent that was started again goes on counting heartbeats and restarts where the last one ended', async () => {
    const { holder, open, databases, seq } = await openHolder();
    await holder.beat({ ...HEALTHY, restarts: 3 });
    const next = open();
    databases.goDown();
    await assert.rejects(next.beat(HEALTHY));
    databases.comeBack();
    await next.beat({ ...HEALTHY, restarts: 0 });
    assert.deepEqual([seq(), databases.row(BEAT)?.['restarts']], [3, '3']);
    await next.beat({ ...HEALTHY, restarts: 2 });
    assert.deepEqual([seq(), databases.row(BEAT)?.['restarts']], [4, '5']);
  });

  test('another claim’s heartbeats, and numbers that are none, count for nothing', async () => {
    for (const [row, seq] of [
      [{ token: 'token-b', seq: '700', restarts: '7' }, 1],
      [{ token: 'token-a', seq: 'many', restarts: '-3' }, 1],
      [{ token: 'token-a', seq: '9'.repeat(400), restarts: '' }, 1],
    ] as const) {
      const { databases, open } = await openHolder();
      databases.put(BEAT, row);
      await open().beat(HEALTHY);
      assert.equal(databases.row(BEAT)?.['seq'], String(seq));
      assert.equal(databases.row(BEAT)?.['restarts'], '0');
    }
  });

  test('goes on counting after the database came back empty', async () => {
    const { databases, holder, seq } = await openHolder();
    databases.flush();
    assert.deepEqual(await holder.beat(HEALTHY), { kind: 'recorded' });
    assert.equal(seq(), 2);
  });

  test('a step of the wall clock, a year forth or back, changes nothing but what is for people', async () => {
    const { clock, databases, holder, seq } = await openHolder();
    for (const stepMs of [365 * 86_400_000, -2 * 365 * 86_400_000]) {
      clock.stepWallClock(stepMs);
      const before = databases.row(BEAT) ?? {};
      assert.deepEqual(await holder.beat(HEALTHY), { kind: 'renewed' });
      const { seq: _seq, updated_ts: shown, ...after } = databases.row(BEAT) ?? {};
      for (const [field, value] of Object.entries(after)) assert.equal(value, before[field], field);
      assert.equal(shown, String(Math.floor(clock.wallMs() / 1000)));
    }
    assert.equal(seq(), 3);
  });

  test('nothing is written after the release, whatever was under way', async () => {
    const { databases, holder, row } = await openHolder(UP);
    await holder.release();
    const [before, beaten] = [row(), databases.row(BEAT)];
    assert.notEqual((await holder.beat({ ...HEALTHY, upStatus: UP })).kind, 'renewed');
    assert.deepEqual([row(), databases.row(BEAT)], [before, beaten]);
  });
});

describe('up_status, for SONiC’s sysmonitor', () => {
  /** What is written of it, with each heartbeat that writes it. */
  async function openWatched(upStatus?: UpStatus) {
    const opened = await openHolder(upStatus);
    const shown = () => [opened.row()['up_status'], opened.row()['fail_reason']];
    let wakes = 0;
    await opened.databases.open().watch([ROW], () => (wakes += 1));
    const beat = async (next: UpStatus | undefined) => {
      wakes = 0;
      await opened.holder.beat({ ...HEALTHY, upStatus: next });
      await drainEventLoop();
      return wakes;
    };
    return { ...opened, shown, beat };
  }

  test('is written only where it is wanted', async () => {
    const { shown, beat } = await openWatched();
    await beat(undefined);
    assert.deepEqual(shown(), [undefined, undefined]);
  });

  test('is written on each change and with no other heartbeat: each wakes sysmonitor', async () => {
    const { shown, beat } = await openWatched(UP);
    assert.deepEqual(shown(), ['true', '']);
    assert.equal(await beat(UP), 0);
    assert.equal(await beat(DOWN), 1);
    assert.deepEqual(shown(), ['false', 'start: failed']);
    assert.equal(await beat({ ...DOWN }), 0);
    assert.equal(await beat({ isUp: false, failReason: 'hook: failed' }), 1);
    assert.equal(await beat(UP), 1);
    assert.deepEqual(shown(), ['true', '']);
  });

  test('is written again when the record was lost', async () => {
    const { databases, shown, beat } = await openWatched(DOWN);
    databases.flush();
    await beat(DOWN);
    assert.deepEqual(shown(), ['false', 'start: failed']);
  });

  test('of a heartbeat that failed is written with the next', async () => {
    const { databases, holder, shown, beat } = await openWatched(UP);
    databases.goDown();
    await assert.rejects(holder.beat({ ...HEALTHY, upStatus: DOWN }));
    databases.comeBack();
    await beat(DOWN);
    assert.deepEqual(shown(), ['false', 'start: failed']);
  });

  test('is false after the release, and untouched where nobody wanted it', async () => {
    const up = await openWatched(UP);
    await up.holder.release();
    assert.deepEqual(up.shown(), ['false', 'stopped']);
    const unwanted = await openWatched();
    await unwanted.holder.release();
    assert.deepEqual(unwanted.shown(), [undefined, undefined]);
  });

  test('is false after the release also where it is not wanted any more', async () => {
    const { holder, shown, beat } = await openWatched(UP);
    await beat(undefined);
    await holder.release();
    assert.deepEqual(shown(), ['false', 'stopped']);
  });

  test('is left alone by a release that finds another container’s claim', async () => {
    const { databases, holder, shown } = await openWatched(UP);
    databases.put(ROW, { claim_token: 'token-b' });
    assert.equal(await holder.release(), false);
    assert.deepEqual(shown(), ['true', '']);
  });
});
