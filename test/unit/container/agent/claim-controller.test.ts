import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ClaimController,
  type ClaimControllerPorts,
} from '../../../../src/container/agent/claim-controller.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import type { Databases } from '../../../../src/contract/databases.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { featureStatusRow } from '../../../../src/contract/rows.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { HEALTHY } from '../../../support/health.ts';
import { claimOf } from '../../../support/claims.ts';

const CLAIM = claimOf({ version: '2.0.0', redisUrl: 'redis://:secret@localhost' });

const passOn = (store: RowStore): RowStore => ({
  read: (rows) => store.read(rows),
  readWithCondition: (rows, probe) => store.readWithCondition(rows, probe),
  list: (table, prefix) => store.list(table, prefix),
  write: (guards, writes) => store.write(guards, writes),
  watch: (rows, onChange) => store.watch(rows, onChange),
  isWatching: false,
  close: () => store.close(),
});

/** A controller on a database in which the claim is recorded. */
async function setUp(over: Partial<ClaimControllerPorts> = {}) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const databases = new FakeDatabases(clock.bootMs);
  const at = readTimestamps(clock);
  await databases.open().write([], planClaim(CLAIM, at));
  const location = { endpoint: { path: '/fake' }, id: 6, separator: '|' };
  const asked: string[] = [];
  const where = { path: '/fake' };
  let openStores = 0;
  let written: StoredClaim | undefined = CLAIM;
  const open = (): RowStore => {
    openStores += 1;
    return { ...passOn(databases.open()), close: () => (openStores -= 1) };
  };
  const ports: ClaimControllerPorts = {
    findDatabases: (url) => {
      asked.push(url);
      const state = { ...location, endpoint: { path: where.path } };
      return { config: state, state, asic: '', source: where.path, warnings: ['a file is odd'] };
    },
    openStore: open,
    claimFile: { read: () => written, write: () => {}, remove: () => (written = undefined) },
    clock,
    log,
    ...over,
  };
  const controller = new ClaimController(ports, 10_000, () => {});
  const row = () => databases.row(featureStatusRow('snmp')) ?? {};
  return { controller, clock, databases, log, asked, where, row, ports, stores: () => openStores };
}

describe('the active claim of an agent', { timeout: 600_000 }, () => {
  test('is taken up once, with the database that the gate was given, and its password is in no line', async () => {
    const { controller, asked, log, stores } = await setUp();
    const active = controller.adopt(CLAIM);
    await active?.holder.beat(HEALTHY);
    assert.equal(controller.adopt({ ...CLAIM, hasStarted: true }), active);
    assert.deepEqual([asked, stores()], [[CLAIM.redisUrl], 1]);
    assert.ok(log.lines.every((line) => !line.includes('secret')));
    assert.ok(log.lines.includes('warn: a file is odd'));
  });

  test('gives way to another one in the file, or to none, and leaves no connection behind', async () => {
    const { controller, stores } = await setUp();
    controller.adopt(CLAIM);
    const next = controller.adopt({ ...CLAIM, token: 'token-b' });
    assert.deepEqual([next?.holder.claim.token, stores()], ['token-b', 1]);
    assert.deepEqual([controller.adopt(undefined), stores()], [undefined, 0]);
    controller.close();
    assert.equal(stores(), 0);
  });

  test('is looked for elsewhere after each failed heartbeat: the database may have moved (G15)', async () => {
    const { controller, where, asked } = await setUp();
    const before = controller.adopt(CLAIM);
    await before?.holder.beat(HEALTHY);
    where.path = '/moved';
    assert.equal(controller.adopt(CLAIM), before);
    controller.recordFailure();
    const after = controller.adopt(CLAIM);
    assert.notEqual(after, before);
    const { length } = asked;
    await after?.holder.beat(HEALTHY);
    assert.equal(controller.adopt(CLAIM), after);
    assert.equal(asked.length, length);
  });

  test('beats on where it is while a file that names the databases can’t be read, and looks again (S2)', async () => {
    const files = { isBroken: true, path: '/fake' };
    const findDatabases = (): Databases => {
      if (files.isBroken) throw new CtrkitError('database', 'database_config.json can’t be read');
      const state = { endpoint: { path: files.path }, id: 6, separator: '|' };
      return { config: state, state, asic: '', source: files.path, warnings: [] };
    };
    const { controller } = await setUp({ findDatabases });
    assert.throws(() => controller.adopt(CLAIM), /can’t be read/);
    files.isBroken = false;
    const active = controller.adopt(CLAIM);
    files.isBroken = true;
    assert.throws(() => controller.adopt(CLAIM), /can’t be read/, 'no database has answered yet');
    await active?.holder.beat(HEALTHY);
    controller.recordFailure();
    assert.deepEqual([controller.adopt(CLAIM), controller.adopt(CLAIM)], [active, active]);
    Object.assign(files, { isBroken: false, path: '/moved' });
    assert.notEqual(controller.adopt(CLAIM), active);
  });

  test('is looked for elsewhere as long as no database has answered, and no longer', async () => {
    const { controller, databases, where, stores } = await setUp();
    databases.goDown();
    const first = controller.adopt(CLAIM);
    await assert.rejects(async () => first?.holder.beat(HEALTHY));
    where.path = '/another';
    const second = controller.adopt(CLAIM);
    assert.ok(second !== first);
    databases.comeBack();
    await second?.holder.beat(HEALTHY);
    where.path = '/a-third';
    assert.equal(controller.adopt(CLAIM), second);
    assert.equal(stores(), 1);
  });

  test('is released, also where it had not been seen yet', async () => {
    for (const isSeen of [true, false]) {
      const { controller, log, row, stores } = await setUp();
      if (isSeen) controller.adopt(CLAIM);
      await controller.release('SIGTERM');
      assert.deepEqual([row()['current_owner'], row()['claim_token'], stores()], ['none', '', 0]);
      assert.equal(log.lines.at(-1), 'info: snmp: released (SIGTERM)');
    }
  });

  test('of the gate’s last word is released, also where an earlier one of this start had been taken up', async () => {
    const { controller, log, row, stores } = await setUp();
    controller.adopt({ ...CLAIM, token: 'token-before' });
    await controller.release('the application has ended');
    assert.deepEqual([row()['current_owner'], row()['claim_token'], stores()], ['none', '', 0]);
    assert.equal(log.lines.at(-1), 'info: snmp: released (the application has ended)');
  });

  test('is released by what was taken up, where the file has vanished, or can’t be read', async () => {
    const unreadable = (): never => {
      throw new CtrkitError('defect', 'claim.json is no JSON');
    };
    for (const read of [() => undefined, unreadable]) {
      const { controller, row } = await setUp({ claimFile: { read, write: () => {}, remove: () => {} } });
      controller.adopt(CLAIM);
      await controller.release('SIGTERM');
      assert.equal(row()['current_owner'], 'none');
    }
  });

  test('that is another container’s by now is left as it is, and that is said', async () => {
    const { controller, databases, log, row } = await setUp();
    databases.put(featureStatusRow('snmp'), { claim_token: 'token-b' });
    await controller.release('SIGTERM');
    assert.equal(row()['claim_token'], 'token-b');
    assert.match(log.lines.at(-1) ?? '', /not released: the record is not this container’s any more/);
  });

  test('can’t be released without a database, says so, and ends all the same', async () => {
    const { controller, databases, log, stores } = await setUp();
    controller.adopt(CLAIM);
    databases.goDown();
    await controller.release('SIGTERM');
    assert.match(log.lines.at(-1) ?? '', /not released, the record goes overdue by itself: .*ECONNREFUSED/);
    assert.equal(stores(), 0);
  });

  test('is given up within a second where the database does not answer', async () => {
    let closed = 0;
    const hanging = (): RowStore => ({
      read: () => new Promise(() => {}),
      readWithCondition: () => new Promise(() => {}),
      list: () => new Promise(() => {}),
      write: () => new Promise(() => {}),
      watch: () => new Promise(() => {}),
      isWatching: false,
      close: () => (closed += 1),
    });
    const { controller, clock, log } = await setUp({ openStore: hanging });
    const released = controller.release('SIGTERM');
    await clock.pass(599);
    assert.equal(closed, 0);
    await clock.pass(1);
    await released;
    assert.match(log.lines.at(-1) ?? '', /goes overdue by itself: out of time \(SIGTERM\)/);
    assert.equal(closed, 1);
  });

  for (const [what, answer] of [
    ['does not answer', () => new Promise<never>(() => {})],
    ['is away', () => Promise.reject(new CtrkitError('database', 'the host is away'))],
  ] as const)
    test(`is released, and that is said, where only the server of the host's row ${what}`, async () => {
      const { clock, databases, log, row, ports } = await setUp();
      const open = (): RowStore => ({
        ...passOn(databases.open()),
        write: async (guards, writes) => {
          const own = writes.filter(({ address }) => address.db !== 'hostState');
          const isWritten = await databases.open().write(guards, own);
          return isWritten && own.length < writes.length ? answer() : isWritten;
        },
      });
      const mirrored = { ...CLAIM, isMirrored: true };
      const claimFile = { ...ports.claimFile, read: () => mirrored };
      const told = new ClaimController({ ...ports, openStore: open, claimFile }, 10_000, () => {});
      const released = told.release('SIGTERM');
      await clock.pass(600);
      await released;
      assert.equal(row()['current_owner'], 'none');
      assert.match(
        log.lines.at(-1) ?? '',
        /: released, but the host's own row does not tell of it: .*\(SIGTERM\)$/,
      );
    });

  test('that can’t be taken up at the end is said, and nothing is thrown', async () => {
    const { controller, log } = await setUp({
      findDatabases: () => {
        throw new CtrkitError('usage', 'database_config.json is no JSON');
      },
    });
    await controller.release('SIGTERM');
    assert.deepEqual(log.lines, [
      'error: not released, the record goes overdue by itself: database_config.json is no JSON',
    ]);
  });

  test('without a claim there is nothing to release, and nothing to say', async () => {
    const { controller, log, ports } = await setUp();
    ports.claimFile.remove();
    await controller.release('SIGTERM');
    assert.deepEqual(log.lines, []);
  });
});
