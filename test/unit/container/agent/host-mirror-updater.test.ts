import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClaimHolder } from '../../../../src/container/agent/claim-holder.ts';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { featureStatusRow, hostStatusRow, type RowWrite } from '../../../../src/contract/rows.ts';
import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { claimOf } from '../../../support/claims.ts';
import { drainEventLoop, FakeClock } from '../../../support/fake-clock.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { HEALTHY } from '../../../support/health.ts';

const OWN = featureStatusRow('snmp');
const HOST = hostStatusRow('snmp', '0');
const LOCATION = { endpoint: { path: '/a.sock' }, id: 6, separator: '|' };
const SINGLE = { config: LOCATION, state: LOCATION, asic: '', source: 'a test', warnings: [] };
const MULTI = { ...SINGLE, hostState: { ...LOCATION, endpoint: { path: '/host.sock' } }, asic: '0' };
const UP = { system_state: 'up' };

/** A container of ASIC 0 whose gate was let in by the host, which has recorded `running`. */
async function openHolder(changes: Partial<StoredClaim> = {}, where: typeof SINGLE = MULTI) {
  const clock = new FakeClock();
  const databases = new FakeDatabases(clock.bootMs, ['config', 'state', 'hostState']);
  const claim = claimOf({ isMirrored: true, ...changes });
  const store = databases.open();
  await store.write([], planClaim(claim, readTimestamps(clock)));
  databases.put(HOST, { ...UP, remote_state: 'running' });
  /** The writes of each call, and how those for the host's row end. */
  const calls: (readonly RowWrite[])[] = [];
  const host = { answer: async (): Promise<void> => {} };
  const counted: RowStore = {
    ...store,
    read: (rows) => store.read(rows),
    readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
    write: async (guards, writes, onLeftOut) => {
      calls.push(writes);
      if (writes.every(({ address }) => address.db === 'hostState')) await host.answer();
      return store.write(guards, writes, onLeftOut);
    },
  };
  const problems: string[] = [];
  const onLeftOut = (problem: string): void => void problems.push(problem);
  const holder = new ClaimHolder(claim, {
    store: counted,
    databases: where,
    clock,
    intervalMs: 10_000,
    onLeftOut,
  });
  const beat = async () => {
    const result = await holder.beat(HEALTHY);
    await drainEventLoop();
    return result.kind;
  };
  /** The host's row in place of what it was. */
  const say = (values: Readonly<Record<string, string>>): void => {
    databases.apply([{ kind: 'delete', address: HOST }]);
    if (Object.keys(values).length > 0) databases.put(HOST, values);
  };
  const told = () => databases.row(HOST)?.['remote_state'];
  return { databases, holder, beat, say, told, calls, host, problems };
}

describe('the host’s row of an ASIC’s container', () => {
  test('that its server has lost says running again with the next heartbeat, and when it has come again (S2)', async () => {
    for (const said of [
      {},
      UP,
      { system_state: 'down' },
      { ...UP, remote_state: '' },
      { ...UP, current_owner: 'none' },
      { ...UP, current_owner: '', remote_state: '' },
    ]) {
      const { beat, say, told, databases } = await openHolder();
      say(said);
      assert.equal(await beat(), 'renewed');
      assert.equal(told(), 'running', JSON.stringify(said));
      assert.equal(databases.row(HOST)?.['system_state'], (said as Partial<typeof UP>).system_state);
    }
  });

  test('that keeps the end of the claim before it was made again says running (S2)', async () => {
    const { databases, beat, say, told } = await openHolder();
    databases.put(OWN, { current_owner: 'none', container_id: '', claim_token: '', remote_state: 'stopped' });
    say({ ...UP, remote_state: 'stopped' });
    assert.equal(await beat(), 'recorded');
    assert.equal(told(), 'running');
  });

  test('keeps whatever else the host has written since, and a hand-shake (S2)', async () => {
    for (const said of [
      { ...UP, remote_state: 'none' },
      { ...UP, remote_state: 'pending' },
      { ...UP, remote_state: 'ready' },
      { system_state: 'down', remote_state: 'stopped' },
      { remote_state: 'stopped' },
      { ...UP, current_owner: 'local', container_id: 'snmp0' },
      { ...UP, current_owner: 'local', remote_state: 'stopped' },
      { ...UP, current_owner: 'kube', remote_state: '' },
    ]) {
      const { databases, beat, say } = await openHolder();
      say(said);
      assert.equal(await beat(), 'renewed');
      assert.deepEqual(databases.row(HOST), said);
    }
  });

  test('is left alone where it took no part, for owner local, and by a claim that is superseded or released (S2)', async () => {
    for (const changes of [{ isMirrored: false }, { owner: 'local' }] as const) {
      const { beat, say, told } = await openHolder(changes);
      say({});
      assert.equal(await beat(), 'renewed');
      assert.equal(told(), undefined);
    }
    const { databases, holder, beat, say, told } = await openHolder();
    say({});
    const kept = databases.row(OWN) ?? {};
    databases.put(OWN, { current_owner: 'local', container_id: 'snmp' });
    assert.equal(await beat(), 'superseded');
    databases.put(OWN, kept);
    say({ ...UP, remote_state: 'running' });
    const underWay = beat();
    await holder.release();
    await underWay;
    assert.equal(told(), 'stopped');
  });

  test('costs one command for a heartbeat, and none on a single-ASIC switch (S2)', async () => {
    const multi = await openHolder();
    for (const said of [{ ...UP, remote_state: 'running' }, {}]) {
      multi.calls.length = 0;
      multi.say(said);
      await multi.beat();
      assert.equal(multi.calls.length, 2);
    }
    const single = await openHolder({}, SINGLE);
    await single.beat();
    assert.equal(single.calls.length, 1);
  });

  test('fails and delays no heartbeat while its server is away or hangs, and is told when that is back (S2)', async () => {
    const { beat, say, told, calls, host, problems } = await openHolder();
    host.answer = async () => {
      throw new CtrkitError('database', 'Redis at unix:///host.sock can’t be used');
    };
    say({});
    assert.equal(await beat(), 'renewed');
    assert.match(problems.join(), /^the host's own row of the feature: Redis at unix:\/\/\/host\.sock/);
    let letGo = (): void => {};
    host.answer = () => new Promise((resolve) => (letGo = resolve));
    calls.length = 0;
    assert.deepEqual([await beat(), await beat(), await beat()], ['renewed', 'renewed', 'renewed']);
    assert.equal(calls.length, 4, 'the command that hangs is sent once');
    assert.equal(told(), undefined);
    letGo();
    await drainEventLoop();
    assert.equal(told(), 'running');
  });
});
