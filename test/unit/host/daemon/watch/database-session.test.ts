import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import { DatabaseSession } from '../../../../../src/host/daemon/watch/database-session.ts';
import type { Connection } from '../../../../../src/host/daemon/watch/daemon-component.ts';
import { FakeDatabases } from '../../../../support/fake-row-store.ts';
import { isErrorOf } from '../../../../support/errors.ts';

function prepare() {
  const databases = new FakeDatabases(() => 0);
  const state = { connects: 0, watches: 0, closes: 0, failure: undefined as Error | undefined };
  let endWatch = (): void => undefined;
  const connect = (): Connection => {
    state.connects += 1;
    return {
      store: databases.open(),
      tables: {
        listFeatures: async () => [],
        watch: async (_tables, _onChange, onEnd) => {
          if (state.failure !== undefined) throw state.failure;
          state.watches += 1;
          endWatch = onEnd;
        },
        close: () => undefined,
      },
      listFields: async () => [],
      close: () => (state.closes += 1),
    };
  };
  const session = new DatabaseSession(connect);
  let ends = 0;
  const open = (): Promise<boolean> =>
    session.open(
      () => undefined,
      () => (ends += 1),
    );
  return { session, state, open, endWatch: () => endWatch(), ends: () => ends };
}

describe('the daemon’s session with the databases', () => {
  test('connects and watches once, and says that the watch is new', async () => {
    const { state, open } = prepare();
    assert.deepEqual([await open(), await open()], [true, false]);
    assert.deepEqual([state.connects, state.watches], [1, 1]);
  });

  test('a watch that the server ended begins again on the same connection', async () => {
    const { state, open, endWatch, ends } = prepare();
    await open();
    endWatch();
    assert.equal(ends(), 1);
    assert.equal(await open(), true);
    assert.deepEqual([state.connects, state.watches], [1, 2]);
  });

  test('has no connection before it is open and after it is closed', async () => {
    const { session, state, open } = prepare();
    const isDatabaseError = isErrorOf('database');
    assert.throws(() => session.connection, isDatabaseError);
    await open();
    assert.ok(session.connection);
    session.close();
    assert.equal(state.closes, 1);
    assert.throws(() => session.connection, isDatabaseError);
    assert.equal(await open(), true);
    assert.equal(state.connects, 2);
  });

  test('a watch that fails leaves nothing watched: the next open tries again', async () => {
    const { session, state, open } = prepare();
    state.failure = new CtrkitError('database', 'Redis is loading');
    await assert.rejects(open(), /Redis is loading/);
    session.close();
    state.failure = undefined;
    assert.equal(await open(), true);
    assert.deepEqual([state.connects, state.watches, state.closes], [2, 1, 1]);
  });
});
